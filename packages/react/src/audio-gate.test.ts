import type { AudioFacts, AudioFinding, AudioRules, Preflight } from "@audiotricks/audio-preflight";
import * as preflightModule from "@audiotricks/audio-preflight";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createAudioGate } from "./audio-gate.ts";

const FACTS: AudioFacts = {
  format: "wav",
  codec: "PCM",
  durationSeconds: 10,
  sampleRate: 48_000,
  bitDepth: 24,
  channels: 2,
  title: null,
  artist: null,
  album: null,
  cutShort: null,
  claimedSeconds: null,
  bytesRead: 65_536,
};

interface Setup {
  rules?: AudioRules | false;
  /** What the worker says of a file, by its name; never, for what it is caught in. */
  facts?: (name: string) => Partial<AudioFacts> | null | "never";
  isAllAtOnce?: boolean;
  load?: () => Promise<never>;
}

/** A gate in front of files that stay in line until somebody says that they have begun. */
function setUp({ rules = {}, facts = () => ({}), isAllAtOnce = false, load }: Setup = {}) {
  const passed: string[] = [];
  const refused: [string, string[]][] = [];
  const asked: string[][] = [];
  const limits = new Set<number>();
  const begun = new Set<string>();
  const removed = new Set<string>();
  let atOnce = 0;
  let mostAtOnce = 0;

  const preflight: Preflight = {
    facts: async (files, limit) => {
      const names = files.map((file) => (file as File).name);
      asked.push(names);
      limits.add(limit);
      atOnce += 1;
      mostAtOnce = Math.max(mostAtOnce, atOnce);
      const answers = names.map(facts);
      if (answers.includes("never")) return new Promise(() => {});
      await new Promise((resolve) => setTimeout(resolve, 1));
      atOnce -= 1;
      return answers.map((answer) =>
        answer === null || answer === "never" ? null : { ...FACTS, ...answer },
      );
    },
    cover: async () => null,
    close: () => {},
  };
  const module = { ...preflightModule, openPreflight: () => preflight };
  const gate = createAudioGate({
    rules: () => rules,
    file: (id) => (removed.has(id) ? undefined : { name: id, size: 100, blob: new File(["x"], id) }),
    isInLine: (id) => !begun.has(id) && !removed.has(id),
    isAllAtOnce: () => isAllAtOnce,
    pass: (items) => passed.push(...items.map(({ id }) => id)),
    refuse: (files) => {
      for (const { id, findings } of files) refused.push([id, findings.map(({ code }) => code)]);
    },
    onKnown: () => {},
    load: load ?? (() => Promise.resolve(module)),
  });
  const remove = (id: string) => {
    removed.add(id);
    gate.remove(id);
  };
  const begin = (...ids: string[]) => {
    for (const id of ids) begun.add(id);
    gate.look();
  };
  return { gate, passed, refused, asked, limits, begin, remove, mostAtOnce: () => mostAtOnce };
}

const named = (count: number) => Array.from({ length: count }, (_, index) => ({ id: `${index}.wav` }));
const codesOf = (findings: readonly AudioFinding[]) => findings.map(({ code }) => code);
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("lets files go in their order, with what is known of them, a few at a time", async () => {
  const { gate, passed, asked, limits, mostAtOnce } = setUp();
  const files = named(50);
  gate.hold(files);
  expect(passed).toEqual([]);
  await pass(100);
  expect(passed).toEqual(files.map(({ id }) => id));
  expect(gate.of("7.wav")).toEqual({ audio: FACTS, warnings: [] });
  expect(Math.max(...asked.map(({ length }) => length))).toBe(16);
  expect(mostAtOnce()).toBe(2);
  expect([...limits]).toEqual([150]);
});

it("keeps back what breaks a rule, and lets go with a warning what is only odd", async () => {
  const { gate, passed, refused, limits } = setUp({
    rules: { sampleRate: 48_000, bitDepth: 24, severity: { bit_depth: "warn" } },
    facts: (name) =>
      name === "1.wav"
        ? { sampleRate: 44_100 }
        : name === "2.wav"
          ? { bitDepth: 16 }
          : name === "3.wav"
            ? null
            : {},
  });
  gate.hold(named(5));
  await pass(100);
  expect(passed).toEqual(["0.wav", "2.wav", "4.wav"]);
  expect(refused).toEqual([
    ["1.wav", ["sample_rate"]],
    ["3.wav", ["unknown"]],
  ]);
  expect(codesOf(gate.of("2.wav").warnings)).toEqual(["bit_depth"]);
  expect([...limits]).toEqual([10_000]);
});

it("looks no further than the engine needs, and at what is in sight first", async () => {
  const { gate, passed, asked, begin } = setUp();
  gate.hold(named(10_000));
  await pass(1000);
  expect(passed).toHaveLength(200);
  expect(asked.flat()).toHaveLength(200);
  gate.see(["8000.wav", "8001.wav"]);
  await pass(10);
  expect(gate.of("8001.wav").audio).toEqual(FACTS);
  // Its turn to be uploaded has not come for that.
  expect(passed).toHaveLength(200);
  begin(...passed.slice(0, 30));
  await pass(100);
  expect(passed).toHaveLength(230);
  expect(asked.flat()).toHaveLength(232);
});

it("does not wait for files that are gone, nor do those behind them", async () => {
  const { gate, passed, remove } = setUp();
  gate.hold(named(40));
  remove("0.wav");
  for (let index = 20; index < 30; index += 1) remove(`${index}.wav`);
  await pass(100);
  expect(passed).toHaveLength(29);
  expect(passed).not.toContain("25.wav");
});

it("looks once more, and longer, at a file in sight of which nothing was told in time", async () => {
  let looks = 0;
  const { gate, passed, refused, asked, limits } = setUp({
    facts: (name) => {
      if (name !== "1.wav") return {};
      looks += 1;
      return looks === 1 ? null : { format: "mp3" };
    },
  });
  gate.hold(named(3));
  await pass(10);
  expect(passed).toHaveLength(3);
  expect(asked).toHaveLength(1);
  gate.see(["0.wav", "1.wav"]);
  await pass(10);
  expect(asked[1]).toEqual(["1.wav"]);
  expect([...limits]).toEqual([150, 10_000]);
  expect(codesOf(gate.of("1.wav").warnings)).toEqual(["wrong_type"]);
  expect(refused).toEqual([]);
  gate.see(["1.wav"]);
  await pass(10);
  expect(asked).toHaveLength(2);
});

it("looks into nothing where the page wants that", async () => {
  const { gate, passed, asked } = setUp({ rules: false });
  gate.hold(named(300));
  expect(passed).toHaveLength(300);
  await pass(100);
  expect(asked).toEqual([]);
});

describe("where nobody answers", () => {
  it("goes on after a second, as long as no rule asks for what is not known", async () => {
    const { gate, passed, begin } = setUp({ facts: () => "never" });
    gate.hold(named(1000));
    await pass(900);
    expect(passed).toEqual([]);
    await pass(200);
    expect(passed).toEqual(named(200).map(({ id }) => id));
    begin(...passed.slice(0, 50));
    expect(passed).toHaveLength(250);
  });

  it("says what would have kept a file back, where that is found out too late", async () => {
    let answer = () => {};
    const load = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const { gate, passed, refused } = setUp({
      load: async () => {
        await load;
        return {
          ...preflightModule,
          openPreflight: () => ({
            facts: async (files: readonly Blob[]) => files.map(() => ({ ...FACTS, format: "mp3" })),
            close: () => {},
          }),
        } as unknown as never;
      },
    });
    gate.hold(named(2));
    await pass(1100);
    expect(passed).toHaveLength(2);
    answer();
    await pass(10);
    expect(refused).toEqual([]);
    expect(codesOf(gate.of("0.wav").warnings)).toEqual(["wrong_type"]);
  });

  it("waits where a rule does ask, and refuses when it cannot be told", async () => {
    const silent = setUp({ rules: { channels: 2 }, facts: () => "never" });
    silent.gate.hold(named(3));
    await pass(60_000);
    expect(silent.passed).toEqual([]);

    const broken = setUp({ rules: { channels: 2 }, load: () => Promise.reject(new Error("offline")) });
    broken.gate.hold(named(1));
    await pass(10);
    expect(broken.refused).toEqual([["0.wav", ["unknown"]]]);
  });

  it("lets files go where the code for it cannot be loaded", async () => {
    const { gate, passed } = setUp({ load: () => Promise.reject(new Error("offline")) });
    gate.hold(named(3));
    await pass(10);
    expect(passed).toHaveLength(3);
    expect(gate.of("0.wav")).toEqual({ audio: null, warnings: [] });
  });
});

it("lets none go before all are known where the engine would take them all", async () => {
  const { gate, passed, refused } = setUp({
    isAllAtOnce: true,
    rules: { channels: 2 },
    facts: (name) => (name === "299.wav" ? { channels: 1 } : {}),
  });
  gate.hold(named(300));
  await pass(5);
  expect(passed).toEqual([]);
  await pass(1000);
  expect(passed).toHaveLength(299);
  expect(refused).toEqual([["299.wav", ["channels"]]]);
});
