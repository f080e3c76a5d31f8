import { viewOf } from "./bytes.ts";

const AAC_RATES = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];
/** Object types whose configuration begins with the rate of what is heard in the end (SBR, and with it PS). */
const WITH_HEARD_RATE = new Set([5, 29]);
const DESCRIPTORS = { stream: 3, decoder: 4, config: 5 } as const;

/** What the codec's own configuration says. MP4 has numbers for all of these, too, and they are often wrong: two channels of a mono file, 16 bits of 24. */
export interface CodecConfig {
  sampleRate?: number;
  channels?: number;
  bitDepth?: number;
}

/** @param file A small MP4, as `outlineMp4` makes it. */
export function codecConfig(file: Uint8Array): CodecConfig {
  const entries = after(file, "stsd");
  if (entries === null) return {};
  const alac = after(entries, "alac");
  // The entry is called as the box in it.
  const cookie = alac === null ? null : after(alac, "alac");
  if (cookie !== null && cookie.length >= 28) return alacConfig(cookie);
  const esds = after(entries, "esds");
  return esds === null ? {} : aacConfig(esds.subarray(4));
}

function alacConfig(cookie: Uint8Array): CodecConfig {
  const view = viewOf(cookie);
  // After four bytes of the box: frame length, version, then these.
  return { bitDepth: view.getUint8(9), channels: view.getUint8(13), sampleRate: view.getUint32(24) };
}

/** ISO 14496-1: descriptors in each other, down to the decoder's own configuration (ISO 14496-3). */
function aacConfig(descriptors: Uint8Array): CodecConfig {
  let bytes = descriptors;
  for (let step = 0; step < 8 && bytes.length > 2; step += 1) {
    const tag = bytes[0];
    let at = 1;
    while (at < 5 && (bytes[at] ?? 0) >= 0x80) at += 1;
    const body = bytes.subarray(at + 1);
    if (tag === DESCRIPTORS.config) return audioSpecificConfig(body);
    const flags = body[2] ?? 0;
    const optional =
      (flags & 0x80 ? 2 : 0) + (flags & 0x40 ? 1 + (body[3] ?? 0) : 0) + (flags & 0x20 ? 2 : 0);
    if (tag === DESCRIPTORS.stream) bytes = body.subarray(3 + optional);
    else if (tag === DESCRIPTORS.decoder) bytes = body.subarray(13);
    else return {};
  }
  return {};
}

function audioSpecificConfig(bytes: Uint8Array): CodecConfig {
  let at = 0;
  const bits = (count: number) => {
    let value = 0;
    for (const end = at + count; at < end; at += 1) {
      value = value * 2 + (((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1);
    }
    return value;
  };
  const rate = () => {
    const index = bits(4);
    return index === 15 ? bits(24) : AAC_RATES[index];
  };
  const first = bits(5);
  const type = first === 31 ? 32 + bits(6) : first;
  const own = rate();
  const channels = bits(4);
  const sampleRate = WITH_HEARD_RATE.has(type) ? rate() : own;
  return {
    ...(sampleRate === undefined ? {} : { sampleRate }),
    // 0 says that they are listed elsewhere. What is heard of parametric stereo is two.
    ...(channels === 0 ? {} : { channels: type === 29 ? 2 : channels === 7 ? 8 : channels }),
  };
}

/** What follows these letters. */
function after(bytes: Uint8Array, letters: string): Uint8Array | null {
  const wanted = Array.from(letters, (letter) => letter.charCodeAt(0));
  for (let at = bytes.indexOf(wanted[0] ?? 0); at !== -1; at = bytes.indexOf(wanted[0] ?? 0, at + 1)) {
    if (wanted.every((code, index) => bytes[at + index] === code)) return bytes.subarray(at + wanted.length);
  }
  return null;
}
