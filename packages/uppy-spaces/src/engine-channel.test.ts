import { afterEach, describe, expect, it, vi } from "vitest";
import type { EngineSettings, FromEngine, FromWorker, ToWorker } from "./engine/engine-messages.ts";
import { openEngineChannel } from "./engine-channel.ts";

const settings: EngineSettings = {
  companionUrl: "https://companion.test",
  storeName: "test",
  lanes: 4,
  stallTimeoutMs: 1000,
  retry: undefined,
  remembered: [],
  isOnline: true,
};

/** What the channel uses of a worker. */
class FakeWorker {
  readonly heard: ToWorker[] = [];
  isTerminated = false;
  onmessage: ((event: { data: FromWorker }) => void) | null = null;
  onmessageerror: (() => void) | null = null;
  onerror: ((event: { message: string; preventDefault: () => void }) => void) | null = null;
  postMessage = (message: ToWorker) => this.heard.push(message);
  terminate = () => {
    this.isTerminated = true;
  };
  say = (data: FromWorker) => this.onmessage?.({ data });
  fail = (message: string) => this.onerror?.({ message, preventDefault: () => {} });
}

type LoadHere = NonNullable<Parameters<typeof openEngineChannel>[0]["loadHere"]>;

function open(openWorker: () => FakeWorker, mayUseWorker = true, loadHere?: LoadHere) {
  const received: FromEngine[] = [];
  const logged: string[] = [];
  vi.stubGlobal("Worker", FakeWorker);
  let losses = 0;
  const waiting = new Map<string, () => void>();
  const locks = {
    // As the browser does it: what waits for a lock gets it when its holder is gone.
    request: (name: string, { signal }: LockOptions, run: () => void) => {
      waiting.set(name, run);
      signal?.addEventListener("abort", () => waiting.delete(name));
      return new Promise(() => {});
    },
  } as unknown as LockManager;
  const { send, watch } = openEngineChannel({
    receive: (message) => received.push(message),
    onLost: () => {
      losses += 1;
      send({ type: "open", settings });
    },
    locks,
    mayUseWorker,
    log: (message) => logged.push(message),
    openWorker: () => openWorker() as unknown as Worker,
    ...(loadHere === undefined ? {} : { loadHere }),
  });
  send({ type: "open", settings });
  send({ type: "ask-flight", call: 7, id: "nobody" });
  const die = () => {
    for (const run of waiting.values()) run();
  };
  return { send, watch, received, logged, die, losses: () => losses };
}

/** An engine answers that it knows nothing of the file, wherever it runs. */
const answered = async (received: FromEngine[]) =>
  vi.waitFor(() => expect(received).toContainEqual({ type: "flight", call: 7, record: undefined }), 10_000);

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("openEngineChannel", () => {
  it("says to the worker what was said before it was there, in order, once", () => {
    const worker = new FakeWorker();
    const { send, received } = open(() => worker);
    expect(worker.heard).toEqual([]);
    worker.say({ type: "ready" });
    send({ type: "close" });
    expect(worker.heard.map(({ type }) => type)).toEqual(["open", "ask-flight", "close"]);
    worker.say({ type: "log", message: "hello" });
    expect(received).toEqual([{ type: "log", message: "hello" }]);
  });

  it("runs the engine on the page when the worker cannot be loaded, and says everything again there", async () => {
    const worker = new FakeWorker();
    const { received, logged } = open(() => worker);
    worker.fail("404");
    await answered(received);
    expect([worker.isTerminated, worker.heard.length]).toEqual([true, 0]);
    expect(logged).toEqual(["The engine runs on the page: 404"]);
    worker.say({ type: "ready" });
    expect(worker.heard).toEqual([]);
  });

  it("runs it on the page when workers are refused, or not wanted", async () => {
    const refused = open(() => {
      throw new DOMException("refused", "SecurityError");
    });
    await answered(refused.received);
    const notWanted = open(() => new FakeWorker(), false);
    await answered(notWanted.received);
  });

  it("does not wait for a worker that never starts", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { received } = open(() => new FakeWorker());
    await vi.advanceTimersByTimeAsync(9_999);
    expect(received).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    vi.useRealTimers();
    await answered(received);
  });

  it("only reports what goes wrong in a worker that has begun", () => {
    const worker = new FakeWorker();
    const { logged } = open(() => worker);
    worker.say({ type: "ready" });
    worker.fail("oops");
    expect([logged, worker.isTerminated]).toEqual([["The engine reported: oops"], false]);
  });

  it("tries both again where neither could be loaded, as on a page that begins without a network", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const workers: FakeWorker[] = [];
    const loadHere = vi.fn<LoadHere>().mockRejectedValue(new TypeError("Failed to fetch"));
    const { logged } = open(
      () => {
        const worker = new FakeWorker();
        workers.push(worker);
        return worker;
      },
      true,
      loadHere,
    );
    workers[0]?.fail("no network");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(logged).toContain("The engine could not be loaded: TypeError: Failed to fetch");
    workers[1]?.say({ type: "ready" });
    expect(workers[1]?.heard.map(({ type }) => type)).toEqual(["open", "ask-flight"]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([workers.length, loadHere.mock.calls.length]).toEqual([2, 1]);
  });

  it("begins nothing for who has gone before it was there", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const worker = new FakeWorker();
    const { send, received } = open(() => worker);
    send({ type: "close" });
    worker.say({ type: "ready" });
    worker.fail("late");
    await vi.advanceTimersByTimeAsync(60_000);
    expect([worker.heard, worker.isTerminated, received]).toEqual([[], true, []]);
  });

  /** A worker that is being watched, as it is while something is uploaded. */
  const watched = () => {
    const workers: FakeWorker[] = [];
    const channel = open(() => {
      const worker = new FakeWorker();
      workers.push(worker);
      return worker;
    });
    const begin = () => {
      const worker = workers.at(-1);
      worker?.say({ type: "ready" });
      const hold = worker?.heard.findLast((message) => message.type === "hold");
      if (hold !== undefined) worker?.say({ type: "holding", name: hold.name });
      return worker?.heard.map(({ type }) => type);
    };
    channel.watch(true);
    return { ...channel, workers, begin };
  };

  it("begins another worker when one dies that had begun, and says it is to be told everything", () => {
    const { workers, begin, die, send, losses, logged } = watched();
    expect(begin()).toEqual(["open", "ask-flight", "hold"]);
    die();
    send({ type: "retry", id: "meanwhile" });
    expect([losses(), workers.length, workers[0]?.isTerminated]).toEqual([1, 2, true]);
    expect(begin()).toEqual(["open", "retry", "hold"]);
    expect(logged).toEqual(["The engine is lost: the worker is gone"]);
    workers[0]?.say({ type: "log", message: "from the grave" });
    expect(logged).toHaveLength(1);
  });

  it("runs on the page after workers have died again and again", async () => {
    const { begin, die, losses, logged } = watched();
    for (let deaths = 0; deaths < 3; deaths += 1) {
      begin();
      die();
    }
    await vi.waitFor(() =>
      expect(logged.at(-1)).toBe("The engine runs on the page: workers do not live long"),
    );
    expect(losses()).toBe(3);
  });

  it("takes a worker for lost with which messages are lost, whichever way", () => {
    const { workers, begin, losses } = watched();
    begin();
    workers[0]?.onmessageerror?.();
    expect(losses()).toBe(1);
    begin();
    workers[1]?.say({ type: "unreadable" });
    expect(losses()).toBe(2);
  });

  it("notices a worker that was gone before there was anything to do, and asks twice before it says so", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { workers, losses } = watched();
    workers[0]?.say({ type: "ready" });
    await vi.advanceTimersByTimeAsync(19_999);
    expect([losses(), workers[0]?.heard.filter(({ type }) => type === "hold").length]).toEqual([0, 2]);
    await vi.advanceTimersByTimeAsync(1);
    expect(losses()).toBe(1);
  });

  const holds = (worker: FakeWorker | undefined) =>
    worker?.heard.flatMap((message) => (message.type === "hold" ? [message.name] : [])) ?? [];

  it("leaves a worker alone that has nothing to say for hours but answers, and one that is not needed", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { begin, watch, die, workers, losses } = watched();
    begin();
    const [worker] = workers;
    for (let look = 0; look < (24 * 3600) / 5; look += 1) {
      vi.advanceTimersByTime(5_000);
      const asked = worker?.heard.splice(0) ?? [];
      for (const message of asked)
        if (message.type === "hold") worker?.say({ type: "holding", name: message.name });
    }
    expect(losses()).toBe(0);
    watch(false);
    await vi.advanceTimersByTimeAsync(24 * 3600_000);
    die();
    expect([losses(), worker?.heard.at(-1)?.type]).toEqual([0, "let-go"]);
  });

  it("ends a worker that no longer answers, and begins another one", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { begin, workers, losses, logged } = watched();
    begin();
    await vi.advanceTimersByTimeAsync(64_999);
    expect([losses(), new Set(holds(workers[0])).size, holds(workers[0]).length]).toEqual([0, 1, 12]);
    await vi.advanceTimersByTimeAsync(1);
    expect([losses(), workers.length, workers[0]?.isTerminated]).toEqual([1, 2, true]);
    expect(logged).toEqual(["The engine is lost: the worker no longer answers"]);
    expect(begin()).toEqual(["open", "hold"]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(losses()).toBe(1);
  });

  it("asks nothing of a worker that has something to tell", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { begin, workers, losses } = watched();
    begin();
    for (let told = 0; told < 100; told += 1) {
      workers[0]?.say({ type: "updates", updates: [], remember: [] });
      await vi.advanceTimersByTimeAsync(4_000);
    }
    expect([losses(), holds(workers[0]).length]).toEqual([0, 1]);
  });

  it.each([
    ["a page that slept for an hour, again and again", 3600_000],
    ["a hidden tab whose timers come once a minute", 60_000],
    ["a page that is busy for ten seconds at a time", 10_000],
  ])("does not take %s for a worker that hangs", async (_what, lateMs) => {
    let now = 0;
    const timers = new Map<() => void, number>();
    vi.spyOn(performance, "now").mockImplementation(() => now);
    vi.spyOn(Date, "now").mockImplementation(() => now);
    vi.stubGlobal("setTimeout", (run: (...args: unknown[]) => void, ms: number, ...args: unknown[]) => {
      const timer = () => run(...args);
      timers.set(timer, now + ms);
      return timer;
    });
    vi.stubGlobal("clearTimeout", (timer: () => void) => timers.delete(timer));
    const { begin, workers, losses } = watched();
    begin();
    const [worker] = workers;
    for (let times = 0; times < 100; times += 1) {
      const asked = holds(worker).length;
      now += lateMs;
      // What is due runs late and once, and what the worker said meanwhile comes after it.
      const due = [...timers].filter(([, at]) => at <= now);
      for (const [run] of due) if (timers.delete(run)) run();
      for (const name of holds(worker).slice(asked)) worker?.say({ type: "holding", name });
    }
    expect(holds(worker).length).toBeGreaterThan(40);
    expect(losses()).toBe(0);
  });

  it("begins nothing in place of a worker that ends because it was told to", () => {
    const { begin, die, send, watch, workers, losses } = watched();
    begin();
    send({ type: "close" });
    watch(true);
    die();
    workers[0]?.onmessageerror?.();
    expect([losses(), workers.length]).toEqual([0, 1]);
  });
});
