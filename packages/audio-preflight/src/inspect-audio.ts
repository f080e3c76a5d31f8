import { type AudioFacts, UNKNOWN_AUDIO } from "./audio-facts.ts";
import { openBoundedReader } from "./bounded-reader.ts";
import { type Bytes, bytesOf } from "./bytes.ts";
import { readFlacInfo } from "./flac-info.ts";
import { endOfTags, withShortTag } from "./id3-tag.ts";
import { codecConfig } from "./mp4-codec.ts";
import { outlineMp4 } from "./mp4-outline.ts";
import { lastGranule, opusPreSkip } from "./ogg-length.ts";
import { readTags, type Tags } from "./read-tags.ts";
import { readWav } from "./riff.ts";
import { type AudioFormat, SNIFF_LENGTH, sniffFormat } from "./sniff-format.ts";

/** Most bytes that are read of a file in all: for its facts, and for its cover with what is left of them. */
export const MAX_BYTES_READ = 1024 * 1024;
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

/**
 * What a file is, how long and of what kind, from a few of its bytes: half a MiB at most, some 100 KiB as a rule. Reads where the
 * file's own headers point to, since tags may stand at either end and pictures between them and the sound.
 *
 * @returns Never rejects: of a file that is damaged, what was found; `null` for one that cannot be read.
 */
export async function inspectAudio(file: Blob): Promise<AudioFacts | null> {
  const bytes = openBoundedReader(file, MAX_BYTES_FOR_FACTS);
  let found: Found | null = null;
  try {
    const start = await endOfTags(bytes, SNIFF_LENGTH);
    const format = sniffFormat(await bytes.read(start, SNIFF_LENGTH));
    found = { ...UNKNOWN_AUDIO, format };
    if (format !== null) {
      found = plausible({ ...found, ...(await READERS[format](bytes, start)) }, file.size);
    }
  } catch {
    // It ended where it should not have, or is no longer there.
  }
  return found === null ? null : { ...found, bytesRead: bytes.bytesRead() };
}

const READERS: Record<AudioFormat, (bytes: Bytes, start: number) => Promise<Partial<Found>>> = {
  mp3: async (bytes) => factsOf(await readTags(await withShortTag(bytes, MAX_TAG), "mp3", TEXT_ONLY)),
  flac: async (bytes, start) => {
    const tags = factsOf(await readTags(await withShortTag(bytes, MAX_TAG), "flac", TEXT_ONLY));
    return { ...tags, ...(await readFlacInfo(bytes, start)) };
  },
  ogg: readOgg,
  opus: readOgg,
  m4a: readMp4,
  wav: async (bytes) => {
    const { tags, data, ...facts } = await readWav(bytes);
    const { title, artist } = factsOf(await readTags(bytesOf(tags), "wav", TEXT_ONLY));
    return { ...facts, title, artist, cutShort: cutShortOf(data) };
  },
};

const TEXT_ONLY = { maxToken: MAX_BYTES_FOR_FACTS, withPictures: false };

async function readOgg(bytes: Bytes): Promise<Partial<Found>> {
  const facts = factsOf(await readTags(bytes, "ogg", TEXT_ONLY));
  const isOpus = facts.codec === "Opus";
  const sampleRate = isOpus ? OPUS_RATE : facts.sampleRate;
  const samples = await lastGranule(bytes).catch(() => null);
  const heard = samples === null ? null : samples - (isOpus ? await opusPreSkip(bytes) : 0);
  const durationSeconds = heard !== null && heard > 0 && sampleRate ? heard / sampleRate : null;
  return { ...facts, sampleRate, durationSeconds };
}

async function readMp4(bytes: Bytes): Promise<Partial<Found>> {
  const { file, data } = await outlineMp4(bytes, MAX_TAG);
  const cutShort = cutShortOf(data);
  if (file === null) return { cutShort };
  const facts = factsOf(await readTags(bytesOf(file), "m4a", TEXT_ONLY));
  return { ...facts, ...codecConfig(file), cutShort };
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

function factsOf({ format, title, artist }: Tags) {
  const codec = CODECS.find(([pattern]) => pattern.test(format.codec ?? ""))?.[1] ?? format.codec ?? null;
  return {
    codec: lineOf(codec),
    durationSeconds: format.duration ?? null,
    sampleRate: format.sampleRate ?? null,
    bitDepth: codec !== null && WITH_BITS.has(codec) ? (format.bitsPerSample ?? null) : null,
    channels: format.numberOfChannels ?? null,
    title: lineOf(title),
    artist: lineOf(artist),
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
