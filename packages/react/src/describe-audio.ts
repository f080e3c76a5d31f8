import type { AudioFacts } from "@audiotricks/audio-preflight";
import { formatBitDepth, formatChannels, formatLength, formatSampleRate } from "./format-audio.ts";
import { joinFacts } from "./join-facts.ts";
import { ENGLISH, type Words } from "./words.ts";

/** By the name that people have for it. */
const CALLED: Readonly<Record<string, string>> = { PCM: "WAV", "PCM float": "WAV float" };

type Described = Pick<AudioFacts, "durationSeconds" | "codec" | "sampleRate" | "bitDepth" | "channels">;

/** What is in a file, here or in the library: `"3:41 · FLAC · 48 kHz · 24 bit · stereo"`; `null` where nothing is known. */
export function describeAudio(audio: Described | null, words: Words = ENGLISH): string | null {
  if (audio === null) return null;
  const { durationSeconds, codec, sampleRate, bitDepth, channels } = audio;
  const facts = joinFacts([
    durationSeconds === null ? null : formatLength(durationSeconds, words),
    codec === null ? null : (CALLED[codec] ?? codec),
    sampleRate === null ? null : formatSampleRate(sampleRate, words),
    bitDepth === null ? null : formatBitDepth(bitDepth, words),
    channels === null ? null : formatChannels(channels, words),
  ]);
  return facts === "" ? null : facts;
}

/** What it is called: `"Song – Somebody"`; `null` where the file does not say. */
export function describeTitle(audio: AudioFacts | null, words: Words = ENGLISH): string | null {
  const { title = null, artist = null } = audio ?? {};
  const names = [title, artist].filter((name) => name !== null);
  return names.length === 0 ? null : names.map(words.name).join(" – ");
}
