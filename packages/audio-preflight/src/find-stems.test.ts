import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findStems, type StemCandidate } from "./find-stems.ts";

const stem = (
  name: string,
  durationSeconds: number | null = 221,
  sampleRate: number | null = 48_000,
): StemCandidate => ({
  id: name,
  name,
  sampleRate,
  durationSeconds,
});

it("knows files of one rate and one length, and what they are called together", () => {
  const files = [stem("Halo - Kick.wav"), stem("Halo - Kicks 2.wav"), stem("Halo - Bass.wav", 221.0001)];
  expect(findStems(files, null)).toEqual({
    name: "Halo",
    sampleRate: 48_000,
    durationSeconds: 221,
    members: ["Halo - Kick.wav", "Halo - Kicks 2.wav", "Halo - Bass.wav"],
    odd: [],
    missing: [],
    unpaired: [],
  });
  expect(findStems(files, "Bounces/Halo v3/")?.name).toBe("Halo v3");
  expect(findStems([stem("Drums.wav"), stem("Drone.wav"), stem("Keys.wav")], null)?.name).toBeNull();
  expect(findStems([stem("Drums L.wav"), stem("Drumstick.wav"), stem("Drums R.wav")], null)?.name).toBeNull();
});

it("takes two for a pair only where a name or a folder says so as well", () => {
  expect(findStems([stem("one.wav"), stem("another.wav")], null)).toBeNull();
  expect(findStems([stem("Halo Vocals.wav"), stem("Halo Music.wav")], null)?.members).toHaveLength(2);
  expect(findStems([stem("one.wav"), stem("another.wav")], "Halo")?.members).toHaveLength(2);
  expect(findStems([stem("one.wav")], "Halo")).toBeNull();
});

it("points out those that differ", () => {
  const files = [
    stem("01 Kick.wav"),
    stem("02 Snare.wav"),
    stem("03 Bass.wav", 221, 44_100),
    stem("04 Keys.wav", 180),
    stem("05 Vox.wav"),
    stem("06 FX.wav", null, null),
    stem("07 Pad.wav"),
  ];
  const group = findStems(files, "Halo");
  expect(group?.members).toEqual(["01 Kick.wav", "02 Snare.wav", "05 Vox.wav", "07 Pad.wav"]);
  expect(group?.odd.map(({ name, differs }) => [name, differs])).toEqual([
    ["03 Bass.wav", "sampleRate"],
    ["04 Keys.wav", "duration"],
    ["06 FX.wav", "unknown"],
  ]);
});

it("takes two without a common name for a pair where both are called as stems are", () => {
  expect(findStems([stem("Kick.wav"), stem("lead_vox2.wav")], null)?.members).toHaveLength(2);
  expect(findStems([stem("Kick.wav"), stem("Kickstart.wav")], null)).toBeNull();
});

it("points out another bit depth, and one that is cut short whatever its length", () => {
  const at = (name: string, bitDepth: number | null, isCutShort = false) => ({
    ...stem(name),
    bitDepth,
    isCutShort,
  });
  const oddOf = (...files: StemCandidate[]) =>
    findStems(files, "Halo")?.odd.map(({ name, differs }) => [name, differs]);
  expect(oddOf(at("a.wav", 24), at("b.wav", 16), at("c.wav", 24), at("d.mp3", null))).toEqual([
    ["b.wav", "bitDepth"],
  ]);
  expect(oddOf(at("a.wav", 24), at("b.wav", 24, true), at("c.wav", 24), at("d.wav", 24))).toEqual([
    ["b.wav", "cutShort"],
  ]);
  // Half of them each: nobody says which is right.
  expect(oddOf(at("a.wav", 24), at("b.wav", 16), at("c.wav", 24), at("d.wav", 16))).toEqual([]);
});

describe("what is missing", () => {
  const missingOf = (...names: string[]) =>
    findStems(
      names.map((name) => stem(name)),
      "Halo",
    )?.missing;

  it("is a number that nobody has", () => {
    expect(missingOf("01 Kick.wav", "02 Snare.wav", "04 Bass.wav")).toEqual([3]);
    expect(missingOf("2_Snare.wav", "3_Bass.wav")).toEqual([1]);
    expect(missingOf("11 Kick.wav", "12 Snare.wav")).toEqual([]);
  });

  it("is the other side of a left or a right", () => {
    const sidesOf = (...names: string[]) =>
      findStems(
        names.map((name) => stem(name)),
        "Halo",
      )?.unpaired;
    expect(sidesOf("OH L.wav", "Kick.wav", "Room_left.wav")).toEqual(["OH R", "Room_right"]);
    expect(sidesOf("OH L.wav", "oh r.flac", "Keys (Left).wav", "keys (right).wav")).toEqual([]);
    expect(sidesOf("Gtr-Right.wav", "Total.wav", "L.wav")).toEqual(["Gtr-Left"]);
  });

  it("is nothing where names are not numbered, or not for this", () => {
    expect(missingOf("Kick.wav", "02 Snare.wav", "04 Bass.wav")).toEqual([]);
    expect(missingOf("808 Kick.wav", "909 Hat.wav", "1 Bass.wav")).toEqual([]);
    expect(missingOf("1 a.wav", "1 b.wav", "3 c.wav")).toEqual([]);
  });
});

it("is silent about songs, loops and a crowd with a few alike", () => {
  expect(findStems([stem("a.mp3", 200), stem("b.mp3", 221), stem("c.mp3", 190)], "Album")).toBeNull();
  expect(findStems([stem("a.wav", 2), stem("b.wav", 2), stem("c.wav", 2)], "Loops")).toBeNull();
  const crowd = [stem("a.wav"), stem("b.wav"), stem("c.wav"), ...[1, 2, 3].map((n) => stem(`${n}`, 100 + n))];
  expect(findStems(crowd, "Mixed")).toBeNull();
  expect(findStems([], "Halo")).toBeNull();
});

it("puts each file in at one place, and finds the same in any order", () => {
  const file = fc.record({
    name: fc.oneof(
      fc.string(),
      fc.constantFrom("OH L.wav", "OH R.wav", "OH l.wav", "01 Kick.wav", "3 Vox.wav"),
    ),
    bitDepth: fc.constantFrom(16, 24, null),
    isCutShort: fc.boolean(),
    sampleRate: fc.constantFrom(44_100, 48_000, null),
    durationSeconds: fc.option(fc.constantFrom(1, 60, 60.004, 60.008, 90), { nil: null }),
  });
  fc.assert(
    fc.property(fc.array(file, { maxLength: 12 }), (files) => {
      const candidates = files.map((each, index) => ({ ...each, id: `${index}` }));
      const group = findStems(candidates, "Folder");
      const turned = findStems(candidates.toReversed(), "Folder");
      expect(turned?.members.length).toBe(group?.members.length);
      if (group === null) return;
      const all = [...group.members, ...group.odd.map(({ id }) => id)];
      expect(all.toSorted()).toEqual(candidates.map(({ id }) => id).toSorted());
      expect(group.members.length * 2).toBeGreaterThan(files.length);
      const byId = new Map(candidates.map((each) => [each.id, each]));
      const members = group.members.flatMap((id) => byId.get(id) ?? []);
      const lengths = members.map(({ durationSeconds }) => durationSeconds ?? Number.NaN);
      // One rate, one length, nothing that is cut short: whatever came with them.
      expect(new Set(members.map(({ sampleRate }) => sampleRate))).toEqual(new Set([group.sampleRate]));
      expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(0.005);
      expect(members.some(({ isCutShort }) => isCutShort)).toBe(false);
      // With the sides that are said to be missing, none is missing any more.
      const sides = group.unpaired.map((name, index) => ({ ...stem(`${name}.wav`), id: `side ${index}` }));
      expect(findStems([...candidates, ...sides], "Folder")?.unpaired ?? []).toEqual([]);
    }),
  );
});
