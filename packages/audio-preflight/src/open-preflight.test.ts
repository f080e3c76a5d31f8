import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { answerQuestion } from "./answer-question.ts";
import { fixtureBlob } from "./audio-fixtures.fixture.ts";
import { openPreflight } from "./open-preflight.ts";
import type { FromWorker, Question } from "./preflight-messages.ts";

/** A worker of this thread: starts, answers, hangs and dies as it is told. */
class NearWorker {
  static opened: NearWorker[] = [];
  onmessage: ((event: { data: FromWorker }) => void) | null = null;
  onerror: ((event: { preventDefault: () => void }) => void) | null = null;
  isTerminated = false;
  readonly asked: Question[] = [];
  readonly answers: (question: Question) => boolean;

  constructor(starts: boolean, answers: (question: Question) => boolean = () => true) {
    this.answers = answers;
    NearWorker.opened.push(this);
    if (starts) queueMicrotask(() => this.onmessage?.({ data: { ready: true } }));
  }
  postMessage(question: Question): void {
    this.asked.push(question);
    if (this.answers(question)) void answerQuestion(question).then((data) => this.onmessage?.({ data }));
  }
  terminate(): void {
    this.isTerminated = true;
  }
  die(): void {
    this.onerror?.({ preventDefault: () => {} });
  }
}

const asWorker = (worker: NearWorker) => worker as unknown as Worker;
const here = () => Promise.resolve({ answerQuestion });

beforeEach(() => {
  NearWorker.opened = [];
  vi.stubGlobal("Worker", NearWorker);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("opens no worker before there is a file, answers in order, and lets the worker go when nobody asks", async () => {
  const preflight = openPreflight({ openWorker: () => asWorker(new NearWorker(true)) });
  expect(NearWorker.opened).toHaveLength(0);
  const files = [await fixtureBlob("chord.flac"), await fixtureBlob("chord.wav")];
  const facts = await preflight.facts(files, 10_000);
  expect(facts.map((each) => each?.format)).toEqual(["flac", "wav"]);
  expect(await preflight.cover(files[0] ?? new Blob(), { maxBytes: 1000, side: 80 })).toBeNull();
  expect(NearWorker.opened).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(31_000);
  expect(NearWorker.opened[0]?.isTerminated).toBe(true);
  expect((await preflight.facts(files, 10_000))[1]?.format).toBe("wav");
  expect(NearWorker.opened).toHaveLength(2);
  preflight.close();
});

it("looks into files on the page where the worker does not start, is refused, or is lost by a bundler", async () => {
  const silent = openPreflight({ openWorker: () => asWorker(new NearWorker(false)), loadHere: here });
  const asked = silent.facts([await fixtureBlob("chord.mp3")], 10_000);
  await vi.advanceTimersByTimeAsync(10_001);
  expect((await asked)[0]?.format).toBe("mp3");

  const refused = openPreflight({
    openWorker: () => {
      throw new DOMException("No workers here", "SecurityError");
    },
    loadHere: here,
  });
  expect((await refused.facts([await fixtureBlob("chord.mp3")], 10_000))[0]?.format).toBe("mp3");

  const lost = openPreflight({ openWorker: () => asWorker(new NearWorker(false)), loadHere: here });
  const answer = lost.facts([await fixtureBlob("chord.ogg")], 10_000);
  NearWorker.opened.at(-1)?.die();
  expect((await answer)[0]?.format).toBe("ogg");
});

it("answers with nothing where neither can be loaded, and tries again with the next file", async () => {
  let isOnline = false;
  const preflight = openPreflight({
    openWorker: () => {
      if (!isOnline) throw new Error("offline");
      return asWorker(new NearWorker(true));
    },
    loadHere: () => Promise.reject(new Error("offline")),
  });
  const file = await fixtureBlob("chord.flac");
  expect(await preflight.facts([file], 10_000)).toEqual([null]);
  isOnline = true;
  expect((await preflight.facts([file], 10_000))[0]?.format).toBe("flac");
});

it("gets free of a file in which a worker is caught, and asks another one for the rest", async () => {
  const preflight = openPreflight({
    openWorker: () => asWorker(new NearWorker(true, ({ id }) => id !== 1)),
  });
  const file = await fixtureBlob("chord.flac");
  const caught = preflight.facts([file], 150);
  await vi.advanceTimersByTimeAsync(10);
  const [worker] = NearWorker.opened;
  const next = preflight.facts([file], 150);
  expect((await next)[0]?.format).toBe("flac");
  await vi.advanceTimersByTimeAsync(10_200);
  expect(await caught).toEqual([null]);
  expect(worker?.isTerminated).toBe(true);
  expect((await preflight.facts([file], 150))[0]?.format).toBe("flac");
});

it("gives up on workers that are caught in everything, and never hands such files to the page", async () => {
  const loadHere = vi.fn(here);
  const preflight = openPreflight({
    openWorker: () => asWorker(new NearWorker(true, () => false)),
    loadHere,
  });
  const file = await fixtureBlob("chord.flac");
  for (let count = 0; count < 5; count += 1) {
    const asked = preflight.facts([file], 150);
    await vi.advanceTimersByTimeAsync(10_200);
    expect(await asked).toEqual([null]);
  }
  expect(await preflight.facts([file], 150)).toEqual([null]);
  expect(NearWorker.opened).toHaveLength(5);
  expect(loadHere).not.toHaveBeenCalled();
});

it("answers what was asked when it is closed", async () => {
  const preflight = openPreflight({ openWorker: () => asWorker(new NearWorker(true, () => false)) });
  const asked = preflight.facts([new Blob(["x"])], 150);
  const cover = preflight.cover(new Blob(["x"]), { maxBytes: 10, side: 10 });
  preflight.close();
  expect(await asked).toEqual([null]);
  expect(await cover).toBeNull();
  expect(await preflight.facts([new Blob(["x"])], 150)).toEqual([null]);
});

it("does not wait for a file that takes longer than it may", async () => {
  class Sleeping extends Blob {
    override get size() {
      return 1000;
    }
    override slice(): Blob {
      return this;
    }
    override arrayBuffer(): Promise<ArrayBuffer> {
      return new Promise(() => {});
    }
  }
  const read = vi.fn();
  class Awake extends Blob {
    override slice(start?: number, end?: number): Blob {
      const piece = super.slice(start, end);
      const bytes = piece.arrayBuffer().finally(read);
      piece.arrayBuffer = () => bytes;
      return piece;
    }
  }
  const file = new Awake([await fixtureBlob("chord.flac")]);
  const preflight = openPreflight({ openWorker: () => asWorker(new NearWorker(true)) });
  // On its own first: what reads such files is loaded then, and how many reads one takes is known.
  expect((await preflight.facts([file], 150))[0]?.format).toBe("flac");
  const reads = read.mock.calls.length;
  const asked = preflight.facts([new Sleeping(), file], 150);
  // Not by vi.waitFor, which lets the false clock go on.
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  while (read.mock.calls.length < 2 * reads) await turn();
  await turn();
  await vi.advanceTimersByTimeAsync(160);
  const facts = await asked;
  expect(facts[0]).toBeNull();
  expect(facts[1]?.format).toBe("flac");
  preflight.close();
});
