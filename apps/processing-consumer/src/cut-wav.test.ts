import { expect, it } from "vitest";
import { cutWav } from "./cut-wav.ts";

/** Mono, 8 bit, this many samples a second; with an odd chunk before the sound. */
function wav(rate: number, samples: number[]): Uint8Array<ArrayBuffer> {
  const bytes = Buffer.alloc(12 + 24 + 10 + 8 + samples.length);
  bytes.write("RIFF", 0);
  bytes.write("WAVEfmt ", 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(rate, 28);
  bytes.writeUInt16LE(1, 32);
  bytes.writeUInt16LE(8, 34);
  bytes.write("LIST", 36);
  bytes.writeUInt32LE(1, 40);
  bytes.write("data", 46);
  bytes.writeUInt32LE(samples.length, 50);
  bytes.set(samples, 54);
  return new Uint8Array(bytes);
}

it("cuts the sound into pieces of so many seconds, each a file of its own", () => {
  const made = cutWav(wav(2, [1, 2, 3, 4, 5]), 1);
  const samplesOf = (bytes: Uint8Array) => [...bytes.subarray(44)];
  expect(made?.chunks.map(samplesOf)).toEqual([[1, 2], [3, 4], [5]]);
  expect(samplesOf(made?.processed ?? new Uint8Array())).toEqual([1, 2, 3, 4, 5]);
  for (const bytes of made?.chunks ?? []) {
    expect(Buffer.from(bytes.subarray(0, 12)).toString("latin1")).toMatch(/^RIFF....WAVE$/s);
    expect(cutWav(bytes, 1)?.chunks).toHaveLength(1);
  }
});

it.each([
  ["nothing", new Uint8Array()],
  ["another kind", new Uint8Array(Buffer.from("ID3 this is not a WAV file at all"))],
  ["no sound", wav(2, [])],
  ["half a header", wav(2, [1]).slice(0, 30)],
])("makes nothing of %s", (_, bytes) => {
  expect(cutWav(bytes, 1)).toBeUndefined();
});
