import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import {
  createSoundInspector,
  MAX_BYTES_FETCHED,
  SoundInspectionFailed,
  type SoundInspectorOptions,
  SoundInspectorUnavailable,
  SoundStoreTooSlow,
} from "./sound-inspector.ts";

const FIXTURES = join(import.meta.dirname, "../../../../e2e/fixtures");

function open(options: SoundInspectorOptions = {}) {
  const inspector = createSoundInspector(options);
  return { ...inspector, [Symbol.dispose]: () => inspector.close() };
}

/** A thread that does this with whatever it is told. */
const script = (code: string) =>
  new URL(
    `data:text/javascript,${encodeURIComponent(`import { parentPort } from "node:worker_threads"; parentPort.postMessage({ say: "ready" }); ${code}`)}`,
  );

function fileOf(bytes: Uint8Array) {
  const reads: number[] = [];
  return {
    size: bytes.length,
    read: async (offset: number, length: number) => {
      reads.push(length);
      return bytes.subarray(offset, offset + length);
    },
    reads,
  };
}
const any = () => fileOf(new Uint8Array(100));

it("tells what a file is from a few ranges of it, in a thread that rests between files", async () => {
  using inspector = open();
  for (const [name, codec] of [
    ["chord.mp3", "MP3"],
    ["chord-with-cover.mp3", "MP3"],
    ["chord.wav", "PCM"],
    ["chord.m4a", "AAC"],
    ["chord.flac", "FLAC"],
    ["chord.ogg", "Vorbis"],
    ["chord.opus", "Opus"],
  ] as const) {
    const file = fileOf(await readFile(join(FIXTURES, name)));
    const facts = await inspector.inspect(file);
    expect(facts, name).toMatchObject({ codec, channels: 1, title: "Chord" });
    expect(facts?.durationSeconds).toBeCloseTo(4, 0);
    expect(file.reads.length).toBeLessThanOrEqual(8);
  }
});

it("ends the thread of a file that it does not come back from, and goes on with the next", async () => {
  using stuck = open({ limitMs: 500, script: script('parentPort.on("message", () => { for (;;); })') });
  const start = performance.now();
  await expect(stuck.inspect(any())).rejects.toThrow(SoundInspectionFailed);
  expect(performance.now() - start).toBeLessThan(10_000);

  using hungry = open({
    script: script(
      'parentPort.on("message", () => { const all = []; for (;;) all.push(new Array(1e5).fill(Math.random())); })',
    ),
  });
  await expect(hungry.inspect(any())).rejects.toThrow(SoundInspectionFailed);
  using broken = open({ script: script('parentPort.on("message", () => { throw new Error("no"); })') });
  await expect(broken.inspect(any())).rejects.toThrow(SoundInspectionFailed);
  using gone = open({ script: script('parentPort.on("message", () => process.exit(3))') });
  await expect(gone.inspect(any())).rejects.toThrow(SoundInspectionFailed);
  using fine = open();
  await expect(fine.inspect(any())).resolves.toMatchObject({ codec: null });
});

it("blames no file for a thread that never came up, and takes it once there is one", async () => {
  const told = (code: string) => new URL(`data:text/javascript,${encodeURIComponent(code)}`);
  const scripts = {
    missing: new URL("./no-such-worker.ts", import.meta.url),
    broken: told("throw new Error('no modules today')"),
    "out of memory": told("const all = []; for (;;) all.push(new Array(1e5).fill(Math.random()))"),
    ended: told("process.exit(1)"),
    slow: told("for (;;);"),
  };
  for (const [name, script] of Object.entries(scripts)) {
    using inspector = open({ script, limitMs: name === "slow" ? 500 : 30_000 });
    const failure = await inspector.inspect(any()).catch((error: unknown) => error);
    expect(failure, name).toBeInstanceOf(SoundInspectorUnavailable);
    const causes: Record<string, RegExp> = {
      missing: /Cannot find module/,
      broken: /no modules today/,
      "out of memory": /memory limit/,
    };
    if (causes[name] !== undefined)
      expect((failure as Error).cause, name).toMatchObject({ message: expect.stringMatching(causes[name]) });
    // Nor is the next one.
    await expect(inspector.inspect(any()), name).rejects.toThrow(SoundInspectorUnavailable);
  }
  using fine = open();
  await expect(fine.inspect(any())).resolves.toMatchObject({ codec: null });
});

it("fetches no more than its limits, whatever the thread asks for", async () => {
  const greedy = `parentPort.on("message", ({ say, range = 0, bytes }) => {
    if (say === "bytes" && bytes === null) parentPort.postMessage({ say: "facts", facts: { bytesRead: range } });
    else parentPort.postMessage({ say: "read", range: range + 1, offset: 0, length: 65536 });
  })`;
  using inspector = open({ script: script(greedy) });
  const file = fileOf(new Uint8Array(65_536));
  expect(await inspector.inspect(file)).toEqual({ bytesRead: MAX_BYTES_FETCHED / 65_536 + 1 });
  expect(file.reads).toHaveLength(MAX_BYTES_FETCHED / 65_536);
  using backwards = open({
    script: script(
      'parentPort.on("message", ({ say }) => say === "bytes" ? parentPort.postMessage({ say: "facts", facts: null }) : parentPort.postMessage({ say: "read", range: 1, offset: -5, length: 10 }))',
    ),
  });
  const untouched = any();
  expect(await backwards.inspect(untouched)).toBeNull();
  expect(untouched.reads).toEqual([]);
});

it("blames the store for what the store does, also where the thread would make do without", async () => {
  using patient = open();
  const away = new Error("away");
  await expect(patient.inspect({ size: 100, read: () => Promise.reject(away) })).rejects.toBe(away);
  using inspector = open({ limitMs: 5_000 });
  // So that its thread is there.
  await inspector.inspect(any());
  const never = inspector.inspect({ size: 100, read: () => new Promise(() => undefined) });
  const slow = await never.catch((error: unknown) => error);
  expect(slow).toBeInstanceOf(SoundStoreTooSlow);
  expect(slow).toMatchObject({ message: "the store took more than 5000 ms" });
});

it("stops at once where it is told to, also while the thread is at it, and takes the next file", async () => {
  using inspector = open();
  const ending = new AbortController();
  const stopping = inspector.inspect({
    size: 100,
    read: () => new Promise(() => undefined),
    signal: ending.signal,
  });
  const outcome = expect(stopping).rejects.toThrow("told to stop");
  ending.abort();
  await outcome;
  await expect(inspector.inspect({ ...any(), signal: ending.signal })).rejects.toThrow();
  await expect(inspector.inspect(any())).resolves.toMatchObject({ codec: null });
});

it("rejects what is under way when it is closed, and everything after", async () => {
  using inspector = open();
  const waiting = inspector.inspect({ size: 100, read: () => new Promise(() => undefined) });
  const outcome = expect(waiting).rejects.toThrow("closed");
  await new Promise((resolve) => setTimeout(resolve, 50));
  inspector[Symbol.dispose]();
  await outcome;
  await expect(inspector.inspect(any())).rejects.toThrow("closed");
});
