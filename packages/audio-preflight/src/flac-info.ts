import { type Bytes, fourLetters, viewOf } from "./bytes.ts";

/** What STREAMINFO says, which is always the first block. */
export interface FlacInfo {
  sampleRate: number;
  channels: number;
  bitDepth: number;
  /** `null` where the encoder did not know. */
  durationSeconds: number | null;
}

/**
 * Read here: `music-metadata` 12.1 counts samples in 32 bits, which three hours at 192 kHz exceed.
 *
 * @param start Where `fLaC` stands: behind an ID3 tag, in some files.
 */
export async function readFlacInfo(bytes: Bytes, start: number): Promise<FlacInfo | null> {
  const head = await bytes.read(start, 42);
  const isInfo = head.length === 42 && fourLetters(head, 0) === "fLaC" && ((head[4] ?? 0) & 0x7f) === 0;
  if (!isInfo) return null;
  // 20 bits of rate, 3 of channels, 5 of depth, 36 of samples.
  const packed = viewOf(head).getBigUint64(18);
  const sampleRate = Number(packed >> 44n);
  const samples = Number(packed & 0xf_ffff_ffffn);
  return {
    sampleRate,
    channels: Number((packed >> 41n) & 7n) + 1,
    bitDepth: Number((packed >> 36n) & 31n) + 1,
    durationSeconds: samples > 0 && sampleRate > 0 ? samples / sampleRate : null,
  };
}
