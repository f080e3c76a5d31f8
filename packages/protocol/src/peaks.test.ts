import fc from "fast-check";
import { expect, it } from "vitest";
import { decodePeaks, encodePeaks, MAX_PEAKS_FILE_SIZE, secondsOfPeaks } from "./peaks.ts";

const peaks = { sampleRate: 44_100, samplesPerPeak: 256, values: Int8Array.of(-128, 127, 0, 0, -3, 4) };

it("reads what it wrote, byte for byte as audiowaveform lays it out", () => {
  const bytes = encodePeaks(peaks);
  expect(Buffer.from(bytes).toString("hex")).toBe(
    "0100000001000000" + "44ac0000" + "00010000" + "03000000" + "807f0000fd04",
  );
  expect(decodePeaks(bytes)).toEqual(peaks);
  // Somewhere inside a larger buffer, as of a request.
  const inside = new Uint8Array(64);
  inside.set(bytes, 7);
  expect(decodePeaks(inside.subarray(7, 7 + bytes.length))).toEqual(peaks);
  expect(secondsOfPeaks(peaks)).toBeCloseTo(768 / 44_100);
});

it("takes nothing else", () => {
  const changed = (offset: number, value: number) => {
    const bytes = encodePeaks(peaks);
    new DataView(bytes.buffer).setUint32(offset, value, true);
    return decodePeaks(bytes);
  };
  for (const [offset, value] of [
    [0, 2],
    [4, 0],
    [8, 0],
    [8, 0xffff_ffff],
    [12, 0],
    [12, 0xffff_ffff],
    [16, 2],
    [16, 4],
    [16, 0x8000_0003],
  ] as const)
    expect(changed(offset, value), `${value} at ${offset}`).toBeNull();
  const bytes = encodePeaks(peaks);
  expect(decodePeaks(bytes.subarray(0, -1))).toBeNull();
  expect(decodePeaks(bytes.subarray(0, 20))).toBeNull();
  expect(decodePeaks(new Uint8Array())).toBeNull();
  expect(decodePeaks(encodePeaks({ ...peaks, values: Int8Array.of(1, 0) }))).toBeNull();
  expect(decodePeaks(encodePeaks({ ...peaks, values: new Int8Array(MAX_PEAKS_FILE_SIZE) }))).toBeNull();
});

it("says of any bytes whether they are peaks, and throws at none", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const found = decodePeaks(bytes);
      if (found !== null) expect(encodePeaks(found)).toEqual(bytes);
    }),
  );
});
