import type { AudioFormat } from "./sniff-format.ts";

/** What a few bytes of a file say of it. Where something cannot be told, it is `null`. */
export interface AudioFacts {
  /** What the bytes are, whatever the name says; `null` where they are none of the formats that are known here. */
  format: AudioFormat | null;
  /** `"PCM"`, `"PCM float"`, `"FLAC"`, `"MP3"`, `"AAC"`, `"ALAC"`, `"Vorbis"`, `"Opus"`, or what the file calls it. */
  codec: string | null;
  /** Seconds; of a file that is cut short, of what is there. */
  durationSeconds: number | null;
  /** Hertz. Opus is always decoded at 48,000. */
  sampleRate: number | null;
  /** Bits of a sample; `null` also for what has no such thing, as MP3, AAC, Vorbis and Opus. */
  bitDepth: number | null;
  channels: number | null;
  title: string | null;
  artist: string | null;
  album: string | null;
  /** Bytes of sound that the header tells of, and those that are there, where there are fewer. */
  cutShort: { expected: number; found: number } | null;
  /** Seconds that the header tells of, where so few bytes cannot hold them; `durationSeconds` is `null` then. */
  claimedSeconds: number | null;
  /** Bytes that were read. */
  bytesRead: number;
}

/** A file that could not be looked into: all that is known of it is that nothing is known. */
export const UNKNOWN_AUDIO: Omit<AudioFacts, "bytesRead"> = {
  format: null,
  codec: null,
  durationSeconds: null,
  sampleRate: null,
  bitDepth: null,
  channels: null,
  title: null,
  artist: null,
  album: null,
  cutShort: null,
  claimedSeconds: null,
};
