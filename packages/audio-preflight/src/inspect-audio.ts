import { type AudioFacts, UNKNOWN_AUDIO } from "./audio-facts.ts";
import { type AudioSource, openBoundedReader } from "./bounded-reader.ts";
import { type Bytes, bytesOf } from "./bytes.ts";
import { readFlacInfo } from "./flac-info.ts";
import { endOfTags, withShortTag } from "./id3-tag.ts";
import { codecConfig } from "./mp4-codec.ts";
import { outlineMp4 } from "./mp4-outline.ts";
import { lastGranule, opusPreSkip } from "./ogg-length.ts";
import { loadParser, readTags, type Tags } from "./read-tags.ts";
import { readWav } from "./riff.ts";
import { type AudioFormat, SNIFF_LENGTH, sniffFormat } from "./sniff-format.ts";

/** Most bytes for its facts. */
const MAX_BYTES_FOR_FACTS = 512 * 1024;
/** What is taken of a tag, a picture left out. */
const MAX_TAG = 48 * 1024;
const OPUS_RATE = 48_000;
/** Silence in FLAC takes more than this; bits a second. */
const LEAST_BIT_RATE = 500;
/** Of a shorter one, the headers alone are more. */
const SHORTEST_CLAIM_SECONDS = 60;

type Found = Omit<AudioFacts, "bytesRead">;

/** What a reader found so far. */
type Tell = (facts: Partial<Found>) => void;

/**
 * What a file is, how long and of what kind, from a few of its bytes: half a MiB at most, some 100 KiB as a rule. Reads where the
 * file's own headers point to, since tags may stand at either end and pictures between them and the sound.
 *
 * @param file A `Blob`, or anything else whose bytes can be read here and there.
 * @param timeLimitMs Milliseconds that the file may take; what the code for its format takes to load is not its doing.
 * @returns Never rejects: of a file that is damaged, what was found; `null` for one that cannot be read, or told in time.
 */
export async function inspectAudio(
  file: AudioSource,
  { timeLimitMs = Number.POSITIVE_INFINITY }: { timeLimitMs?: number } = {},
): Promise<AudioFacts | null> {
  const bytes = openBoundedReader(file, MAX_BYTES_FOR_FACTS);
  let found: Found | null = null;
  let format: AudioFormat | null = null;
  try {
    const sniffing = performance.now();
    const start = await inTime(endOfTags(bytes, SNIFF_LENGTH), timeLimitMs);
    format = sniffFormat(await inTime(bytes.read(start, SNIFF_LENGTH), timeLimitMs));
    if (format === null) found = UNKNOWN_AUDIO;
    else {
      const left = timeLimitMs - (performance.now() - sniffing);
      await loadParser(format);
      const whole = { ...UNKNOWN_AUDIO, format };
      const tell: Tell = (facts) => {
        found = plausible({ ...whole, ...facts }, file.size);
      };
      await inTime(READERS[format](bytes, start, tell), left);
    }
  } catch (error) {
    // It ended where it should not have; one that took too long, or is no longer there, is not to blame for what was not read.
    if (!(error instanceof TookTooLong || error instanceof DOMException))
      found ??= { ...UNKNOWN_AUDIO, format };
  }
  return found === null ? null : { ...(found as Found), bytesRead: bytes.bytesRead() };
}

class TookTooLong extends Error {
  override name = "TookTooLong";
}

async function inTime<T>(work: Promise<T>, timeLimitMs: number): Promise<T> {
  if (timeLimitMs === Number.POSITIVE_INFINITY) return await work;
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new TookTooLong()), timeLimitMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

const READERS: Record<AudioFormat, (bytes: Bytes, start: number, tell: Tell) => Promise<void>> = {
  mp3: async (bytes, _, tell) =>
    tell(factsOf(await readTags(await withShortTag(bytes, MAX_TAG), "mp3", TEXT_ONLY))),
  flac: async (bytes, start, tell) => {
    const info = { codec: "FLAC", ...(await readFlacInfo(bytes, start)) };
    tell(info);
    tell({ ...factsOf(await readTags(await withShortTag(bytes, MAX_TAG), "flac", TEXT_ONLY)), ...info });
  },
  ogg: readOgg,
  opus: readOgg,
  m4a: readMp4,
  wav: async (bytes, _, tell) => {
    const { tags, data, ...numbers } = await readWav(bytes);
    const facts = { ...numbers, cutShort: cutShortOf(data) };
    tell(facts);
    const { title, artist, album } = factsOf(await readTags(bytesOf(tags), "wav", TEXT_ONLY));
    tell({ ...facts, title, artist, album });
  },
};

const TEXT_ONLY = { maxToken: MAX_BYTES_FOR_FACTS, withPictures: false };

async function readOgg(bytes: Bytes, _: number, tell: Tell): Promise<void> {
  const facts = factsOf(await readTags(bytes, "ogg", TEXT_ONLY));
  const isOpus = facts.codec === "Opus";
  const sampleRate = isOpus ? OPUS_RATE : facts.sampleRate;
  const samples = await lastGranule(bytes).catch(() => null);
  const heard = samples === null ? null : samples - (isOpus ? await opusPreSkip(bytes) : 0);
  const durationSeconds = heard !== null && heard > 0 && sampleRate ? heard / sampleRate : null;
  tell({ ...facts, sampleRate, durationSeconds });
}

async function readMp4(bytes: Bytes, _: number, tell: Tell): Promise<void> {
  const { file, data } = await outlineMp4(bytes, MAX_TAG);
  const cutShort = cutShortOf(data);
  if (file === null) return tell({ cutShort });
  const facts = factsOf(await readTags(bytesOf(file), "m4a", TEXT_ONLY));
  tell({ ...facts, ...codecConfig(file), cutShort });
}

function cutShortOf(data: { expected: number; found: number } | null): AudioFacts["cutShort"] {
  return data !== null && data.found < data.expected ? data : null;
}

/** Names by which people know them; `music-metadata` has those of the standards. */
const CODECS: readonly [RegExp, string][] = [
  [/^MPEG .*Layer 3/, "MP3"],
  [/^MPEG .*Layer 2/, "MP2"],
  [/^Vorbis/, "Vorbis"],
  [/AAC/, "AAC"],
];
/** What has a number of bits for each sample. */
const WITH_BITS = new Set(["PCM", "PCM float", "FLAC", "ALAC"]);

function factsOf({ format, title, artist, album }: Tags) {
  const codec = CODECS.find(([pattern]) => pattern.test(format.codec ?? ""))?.[1] ?? format.codec ?? null;
  return {
    codec: lineOf(codec),
    durationSeconds: format.duration ?? null,
    sampleRate: format.sampleRate ?? null,
    bitDepth: codec !== null && WITH_BITS.has(codec) ? (format.bitsPerSample ?? null) : null,
    channels: format.numberOfChannels ?? null,
    title: lineOf(title),
    artist: lineOf(artist),
    album: lineOf(album),
  };
}

const LONGEST_LINE = 200;

/** Text of a file as one line, without what would not be seen. */
function lineOf(text: unknown): string | null {
  if (typeof text !== "string") return null;
  const line = text
    .slice(0, LONGEST_LINE * 4)
    .replaceAll(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\ufffd]+/gu, " ")
    .trim();
  const shown = Array.from(line).slice(0, LONGEST_LINE).join("").trim();
  return shown === "" ? null : shown;
}

/** Headers may say anything: numbers that no sound has are none. */
function plausible(facts: Found, size: number): Found {
  const durationSeconds = within(facts.durationSeconds, 0, 1e9);
  const isTooMuch =
    durationSeconds !== null &&
    durationSeconds > SHORTEST_CLAIM_SECONDS &&
    (size * 8) / durationSeconds < LEAST_BIT_RATE;
  return {
    ...facts,
    sampleRate: within(facts.sampleRate, 1, 10_000_000),
    bitDepth: within(facts.bitDepth, 1, 64),
    channels: within(facts.channels, 1, 1024),
    durationSeconds: isTooMuch ? null : durationSeconds,
    claimedSeconds: isTooMuch ? durationSeconds : null,
  };
}

function within(value: number | null, least: number, most: number): number | null {
  return value !== null && Number.isFinite(value) && value > 0 && value >= least && value <= most
    ? value
    : null;
}
