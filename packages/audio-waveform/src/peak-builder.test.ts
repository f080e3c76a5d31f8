import fc from "fast-check";
import { expect, it } from "vitest";
import { MAX_PEAKS, PeakBuilder } from "./peak-builder.ts";

const samples = fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 300 });

it("comes to the same peaks in whatever pieces and order samples come", () => {
  fc.assert(
    fc.property(samples, fc.integer({ min: 1, max: 50 }), (all, pieceLength) => {
      const sound = Float32Array.from({ length: all.length * 400 }, (_, at) => all[at % all.length] ?? 0);
      const inOrder = new PeakBuilder(48_000);
      inOrder.add(0, sound);
      const fromTheEnd = new PeakBuilder(48_000);
      fromTheEnd.reach(sound.length);
      const step = pieceLength * 101;
      const starts = Array.from({ length: Math.ceil(sound.length / step) }, (_, index) => index * step);
      for (const start of starts.toReversed()) fromTheEnd.add(start, sound.subarray(start, start + step));
      expect(fromTheEnd.peaks()).toEqual(inOrder.peaks());
    }),
    { numRuns: 30 },
  );
});

it("keeps the lowest and the highest of every stretch, and never more than there is room for", () => {
  const sound = new Float32Array(1_000_000);
  sound[123_456] = 1;
  sound[654_321] = -0.5;
  const builder = new PeakBuilder(44_100);
  for (let at = 0; at < sound.length; at += 1152) builder.add(at, sound.subarray(at, at + 1152));
  const { values, samplesPerPeak } = builder.peaks() ?? { values: new Int8Array(), samplesPerPeak: 0 };
  expect(values.length / 2).toBe(Math.ceil(sound.length / samplesPerPeak));
  expect(values.length / 2).toBeLessThanOrEqual(MAX_PEAKS);
  const loud = [...values.entries()].filter(([, value]) => value !== 0);
  expect(loud).toEqual([
    [2 * Math.floor(123_456 / samplesPerPeak) + 1, 127],
    [2 * Math.floor(654_321 / samplesPerPeak), -63],
  ]);
});

it("cuts off what is too loud, and says nothing of what is no number", () => {
  const builder = new PeakBuilder(8000);
  expect(builder.peaks()).toBeNull();
  builder.add(0, Float32Array.of(7, -7, Number.NaN));
  expect([...(builder.peaks()?.values ?? [])]).toEqual([-128, 127]);
  const silent = new PeakBuilder(8000);
  silent.add(0, Float32Array.of(Number.NaN));
  expect(silent.peaks()).toBeNull();
});
