import { type AudioFacts, findStems } from "@audiotricks/audio-preflight";
import { expect, it } from "vitest";
import { describeStem, describeStemFacts, describeStems, describeStemTroubles } from "./describe-stems.ts";
import { createStemSets } from "./stem-sets.ts";

const facts = (durationSeconds: number, sampleRate = 48_000) =>
  ({ durationSeconds, sampleRate }) as AudioFacts;

it("tells a set once all that came together are known, and each drop and folder by itself", () => {
  const stems = createStemSets();
  for (const id of ["a", "b", "c"]) stems.join(id, 1, "Halo");
  stems.join("d", 2, "Halo");
  stems.know("a", "Kick.wav", facts(221));
  stems.know("b", "Snare.wav", facts(221));
  stems.know("d", "Bass.wav", facts(221));
  expect(stems.settle(findStems)).toBe(false);
  stems.know("c", "Keys.wav", facts(221));
  expect(stems.settle(findStems)).toBe(true);
  // The one that came later is nobody's stem.
  expect(stems.sets().map(({ members }) => members)).toEqual([["a", "b", "c"]]);
});

it("marks its members, keeps one that was refused in sight as odd, and forgets what a person took away", () => {
  const stems = createStemSets();
  const lengths = { a: 221, b: 221, c: 221, d: 200 };
  for (const id of Object.keys(lengths)) stems.join(id, 1, "Halo");
  for (const [id, length] of Object.entries(lengths)) stems.know(id, `${id}.wav`, facts(length));
  stems.settle(findStems);
  const [set] = stems.sets();
  expect(set?.members).toEqual(["a", "b", "c"]);
  expect(set?.odd.map(({ id }) => id)).toEqual(["d"]);
  expect(stems.of("a")).toEqual({ set: set?.id, name: "Halo" });
  expect(stems.of("a")).toBe(stems.of("a"));
  expect(stems.of("d")).toBeNull();

  stems.leave("d");
  expect(stems.settle(findStems)).toBe(true);
  expect(stems.sets()[0]?.odd).toEqual([]);
  expect(stems.settle(findStems)).toBe(false);
  stems.dismiss(set?.id ?? "");
  expect(stems.sets()).toEqual([]);
  expect(stems.of("a")).toBeNull();
  stems.leave("a");
  stems.settle(findStems);
  expect(stems.sets()).toEqual([]);
});

it("does not compare thousands", () => {
  const stems = createStemSets();
  let compared = 0;
  for (let index = 0; index < 10_000; index += 1) stems.join(`${index}`, 1, null);
  for (let index = 0; index < 10_000; index += 1) stems.know(`${index}`, `${index}.wav`, facts(221));
  stems.settle((...of) => {
    compared += 1;
    return findStems(...of);
  });
  expect(compared).toBe(0);
});

it("has words for all of it", () => {
  const odd = Array.from({ length: 7 }, (_, index) => ({
    id: `${index}`,
    name: `${index}.wav`,
    differs:
      index === 0 ? ("sampleRate" as const) : index === 1 ? ("unknown" as const) : ("duration" as const),
    sampleRate: index === 1 ? null : 44_100,
    durationSeconds: index === 1 ? null : 180,
    bitDepth: null,
  }));
  const set = {
    id: "x",
    name: "Halo",
    sampleRate: 48_000,
    durationSeconds: 221,
    members: ["a", "b", "c"],
    odd,
    missing: [3, 5],
    unpaired: ["OH R"],
  };
  expect(describeStems(set)).toBe("Stems of Halo");
  expect(describeStems({ name: null })).toBe("Stems");
  expect(describeStem({ set: "x", name: "Halo" })).toBe("stem of Halo");
  expect(describeStemFacts(set)).toBe("3 files · 3:41 · 48 kHz");
  expect(describeStemTroubles(set)).toEqual([
    "0.wav does not match: 44.1 kHz.",
    "1.wav does not match: nothing can be told of it.",
    "2.wav does not match: 3:00.",
    "3.wav does not match: 3:00.",
    "4.wav does not match: 3:00.",
    "and 2 more that do not match",
    "Numbers 3 and 5 are missing.",
    "OH R is missing: only the other side is there.",
  ]);
});
