import { afterEach, describe, expect, it, vi } from "vitest";
import type { EngineSettings, FromEngine, ToEngine } from "./engine/engine-messages.ts";
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
  readonly heard: ToEngine[] = [];
  isTerminated = false;
  onmessage: ((event: { data: FromEngine | { type: "ready" } }) => void) | null = null;
  onerror: ((event: { message: string; preventDefault: () => void }) => void) | null = null;
  postMessage = (message: ToEngine) => this.heard.push(message);
  terminate = () => {
    this.isTerminated = true;
  };
  say = (data: FromEngine | { type: "ready" }) => this.onmessage?.({ data });
  fail = (message: string) => this.onerror?.({ message, preventDefault: () => {} });
}

type LoadHere = NonNullable<Parameters<typeof openEngineChannel>[0]["loadHere"]>;

function open(openWorker: () => FakeWorker, mayUseWorker = true, loadHere?: LoadHere) {
  const received: FromEngine[] = [];
  const logged: string[] = [];
  vi.stubGlobal("Worker", FakeWorker);
  const send = openEngineChannel({
    receive: (message) => received.push(message),
    mayUseWorker,
    log: (message) => logged.push(message),
    openWorker: () => openWorker() as unknown as Worker,
    ...(loadHere === undefined ? {} : { loadHere }),
  });
  send({ type: "open", settings });
  send({ type: "ask-flight", call: 7, id: "nobody" });
  return { send, received, logged };
}

/** An engine answers that it knows nothing of the file, wherever it runs. */
const answered = async (received: FromEngine[]) =>
  vi.waitFor(() => expect(received).toContainEqual({ type: "flight", call: 7, record: undefined }));

afterEach(() => {
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
});
