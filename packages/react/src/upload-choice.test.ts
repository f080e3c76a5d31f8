import { describe, expect, it, vi } from "vitest";
import type { QuotaReading } from "./quota-watch.ts";
import { createUploadChoice, keyOf, type UploadChoice } from "./upload-choice.ts";

const fileOf = (name: string, size: number, lastModified = 1) => ({
  name,
  data: new File(["x".repeat(size)], name, { lastModified }),
});

/** A companion with so many bytes, and files, that answers when it is told to. */
function open(limitBytes: number | null, limitFiles: number | null = null) {
  const reading = (): QuotaReading => ({
    quotas: [
      {
        scope: "user",
        id: "u",
        usedBytes: 0,
        reservedBytes: 0,
        limitBytes,
        usedFiles: 0,
        reservedFiles: 0,
        limitFiles,
        status: "normal",
      },
    ],
    taken: { bytes: 0, files: 0 },
    at: performance.now(),
  });
  const added: string[][] = [];
  const seen: (UploadChoice | null)[] = [];
  const underWay = new Set<string>();
  let latest: QuotaReading | null = null;
  let waiting: ((answer: QuotaReading | null) => void)[] = [];
  const reserved: { name: string; size: number }[] = [];
  const choosing = createUploadChoice({
    quota: {
      latest: () => latest,
      ask: () => new Promise((resolve) => waiting.push(resolve)),
    },
    isAllowed: ({ name }) => name.endsWith(".wav"),
    underWay: () => underWay,
    reserved: async () => reserved,
    add: (files) => added.push(files.map(({ name = "" }) => name)),
    onChange: (choice) => seen.push(choice),
  });
  const answer = async (isThere = true) => {
    if (isThere) latest = reading();
    for (const resolve of waiting) resolve(isThere ? latest : null);
    waiting = [];
    await new Promise((resolve) => setTimeout(resolve));
  };
  return {
    choosing,
    added,
    underWay,
    reserved,
    answer,
    change: (bytes: number) => {
      limitBytes = bytes;
      latest = reading();
      choosing.look();
    },
    marks: () => seen.at(-1)?.files.map(({ name, fits }) => `${name} ${fits ? "fits" : "over"}`),
    idOf: (name: string) => seen.at(-1)?.files.find((file) => file.name === name)?.id ?? "",
  };
}

describe("files that may not all fit", () => {
  it("go on at once where nothing is limited, also when that was read long ago", async () => {
    const { choosing, added, answer } = open(null);
    choosing.take([fileOf("a.wav", 5)]);
    expect(added).toEqual([]);
    await answer();
    expect(added).toEqual([["a.wav"]]);
    vi.useFakeTimers({ toFake: ["performance"] });
    vi.advanceTimersByTime(3_600_000);
    choosing.take([fileOf("b.wav", 5)]);
    vi.useRealTimers();
    expect(added).toEqual([["a.wav"], ["b.wav"]]);
  });

  it("wait for the numbers, and go on together where they fit", async () => {
    const { choosing, added, answer, marks } = open(10);
    choosing.take([fileOf("a.wav", 5)]);
    choosing.take([fileOf("b.wav", 5)]);
    expect(choosing.isBusy()).toBe(true);
    await answer();
    expect(added).toEqual([["a.wav", "b.wav"]]);
    expect(choosing.isBusy()).toBe(false);
    expect(marks()).toBeUndefined();
    // What was let in since the numbers were read counts.
    choosing.take([fileOf("c.wav", 1)]);
    await answer();
    // Read anew, they say that all is free.
    expect(added).toEqual([["a.wav", "b.wav"], ["c.wav"]]);
  });

  it("go on where no numbers come: the companion judges", async () => {
    const { choosing, added, answer } = open(1);
    choosing.take([fileOf("a.wav", 5)]);
    await answer(false);
    expect(added).toEqual([["a.wav"]]);
  });

  it("wait for a person where they do not all fit, and what is no audio does not", async () => {
    const { choosing, added, answer, marks, idOf } = open(10);
    choosing.take([fileOf("a.wav", 8), fileOf("notes.txt", 1), fileOf("b.wav", 5), fileOf("c.wav", 2)]);
    expect(added).toEqual([["notes.txt"]]);
    await answer();
    expect(marks()).toEqual(["a.wav fits", "b.wav over", "c.wav fits"]);
    choosing.move(idOf("a.wav"), 99);
    expect(marks()).toEqual(["b.wav fits", "c.wav fits", "a.wav over"]);
    choosing.move("nobody", 0);
    choosing.leaveOut(idOf("c.wav"));
    expect(marks()).toEqual(["b.wav fits", "a.wav over"]);
    choosing.uploadFitting();
    choosing.uploadFitting();
    expect(added).toEqual([["notes.txt"], ["b.wav"]]);
    // What has just gone is not in the numbers yet, and does not make room.
    expect(marks()).toEqual(["a.wav over"]);
  });

  it("are marked anew when the numbers change", async () => {
    const { choosing, added, answer, change, marks } = open(1);
    choosing.take([fileOf("a.wav", 8)]);
    await answer();
    expect(marks()).toEqual(["a.wav over"]);
    change(8);
    expect(marks()).toEqual(["a.wav fits"]);
    expect(added).toEqual([]);
    choosing.uploadFitting();
    expect(added).toEqual([["a.wav"]]);
    expect(marks()).toBeUndefined();
  });

  it("are counted by number as well", async () => {
    const { choosing, answer, marks } = open(null, 2);
    choosing.take(["a.wav", "b.wav", "c.wav"].map((name) => fileOf(name, 1)));
    await answer();
    expect(marks()).toEqual(["a.wav fits", "b.wav fits", "c.wav over"]);
  });

  it("join those that wait for a person already; the same once more does not", async () => {
    const { choosing, added, answer, marks } = open(10);
    choosing.take([fileOf("a.wav", 8), fileOf("b.wav", 5)]);
    await answer();
    choosing.take([fileOf("c.wav", 2), fileOf("b.wav", 5)]);
    await answer();
    expect(marks()).toEqual(["a.wav fits", "b.wav over", "c.wav fits"]);
    expect(added).toEqual([]);
  });

  it("pass by those that fit nowhere", async () => {
    const { choosing, added, answer, marks } = open(10);
    choosing.take([fileOf("huge.wav", 20)]);
    await answer();
    choosing.take([fileOf("c.wav", 2)]);
    await answer();
    expect(added).toEqual([["c.wav"]]);
    expect(marks()).toEqual(["huge.wav over"]);
  });

  it("need no room where an unfinished upload has it reserved, each for one", async () => {
    const { choosing, added, answer, reserved, marks } = open(4);
    reserved.push({ name: "a.wav", size: 8 });
    choosing.take([fileOf("a.wav", 8), fileOf("b.wav", 4)]);
    await answer();
    expect(added).toEqual([["a.wav", "b.wav"]]);
    choosing.take([fileOf("a.wav", 8, 2), fileOf("a.wav", 8, 3)]);
    await answer();
    await answer();
    expect(marks()).toHaveLength(2);
    expect(marks()?.filter((mark) => mark.endsWith("fits"))).toHaveLength(1);
  });

  it("that are under way here are left to be refused as known", () => {
    const { choosing, added, underWay } = open(1);
    underWay.add(keyOf("a.wav", 8, 1));
    choosing.take([fileOf("a.wav", 8)]);
    expect(added).toEqual([["a.wav"]]);
  });

  it("go where they were meant to when files go elsewhere from now on; what waits for a person goes nowhere", async () => {
    const { choosing, added, answer, marks } = open(10);
    choosing.take([fileOf("huge.wav", 20)]);
    await answer();
    expect(marks()).toEqual(["huge.wav over"]);
    choosing.take([fileOf("a.wav", 1)]);
    await answer();
    choosing.take([fileOf("b.wav", 11)]);
    choosing.settle();
    await answer();
    expect(added).toEqual([["a.wav"], ["b.wav"]]);
    expect(marks()).toBeUndefined();
  });

  it("are nobody's after the widget is gone", async () => {
    const { choosing, added, answer } = open(10);
    choosing.take([fileOf("a.wav", 1)]);
    choosing.stop();
    await answer();
    expect(added).toEqual([]);
  });
});
