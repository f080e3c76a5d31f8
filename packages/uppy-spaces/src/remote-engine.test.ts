import type { FileRecord } from "@audiotricks/protocol/messages";
import { describe, expect, it } from "vitest";
import type { EngineUpdate, FromEngine, ToEngine } from "./engine/engine-messages.ts";
import type { NetworkChange } from "./engine/network-watch.ts";
import type { UploadSource } from "./engine/upload-source.ts";
import { openRemoteEngine } from "./remote-engine.ts";

// The engine hands the record on and never looks into it.
const STORED = { id: "f" } as FileRecord;

const source = (id: string): UploadSource => ({
  id,
  blob: new Blob(["x"]),
  name: id,
  type: "",
  lastModified: null,
  relativePath: null,
  beside: {},
  workspaceId: undefined,
  contentType: undefined,
  method: undefined,
});

function open(getToken: () => Promise<string | null> = async () => null) {
  const said: ToEngine[] = [];
  const updates: EngineUpdate[] = [];
  const written: (string | null)[][] = [];
  let hear: (message: FromEngine) => void = () => {};
  let lose = () => {};
  let isWatched = false;
  let changeNetwork: (change: NetworkChange) => void = () => {};
  const engine = openRemoteEngine({
    settings: { companionUrl: "https://c", storeName: "c", lanes: 1, stallTimeoutMs: 1, retry: undefined },
    getToken,
    onUpdates: (more) => updates.push(...more),
    log: () => {},
    openChannel: (receive, onLost) => {
      hear = receive;
      lose = onLost;
      return {
        send: (message) => void said.push(message),
        watch: (isNeeded) => {
          isWatched = isNeeded;
        },
      };
    },
    memory: {
      entries: () => [["k", "v"]],
      write: (key, value) => written.push([key, value]),
      subscribe: () => () => {},
    },
    network: {
      isOnline: () => false,
      subscribe: (onChange) => {
        changeNetwork = onChange;
        return () => {};
      },
    },
  });
  const tell = (id: string, run: number, status: EngineUpdate["status"]) =>
    hear({ type: "updates", updates: [{ id, run, status, hasTransfer: false }], remember: [] });
  return {
    engine,
    said,
    updates,
    written,
    tell,
    hear: (message: FromEngine) => hear(message),
    lose: () => lose(),
    isWatched: () => isWatched,
    change: (it: NetworkChange) => changeNetwork(it),
  };
}

describe("openRemoteEngine", () => {
  it("opens with what the page remembers and believes, and passes on what changes", () => {
    const { said, hear, written, change } = open();
    expect(said[0]).toMatchObject({
      type: "open",
      settings: { remembered: [["k", "v"]], isOnline: false },
    });
    change("offline");
    expect(said.at(-1)).toEqual({ type: "network", change: "offline", isOnline: false });
    hear({
      type: "updates",
      updates: [],
      remember: [
        ["a", "1"],
        ["b", null],
      ],
    });
    expect(written).toEqual([
      ["a", "1"],
      ["b", null],
    ]);
  });

  it("believes nothing that is told of an earlier upload under the same id", () => {
    const { engine, updates, tell } = open();
    engine.add([source("a")]);
    engine.add([source("a")]);
    tell("a", 1, { status: "cancelled" });
    expect([engine.find("a")?.status.status, updates]).toEqual(["queued", []]);
    tell("a", 2, { status: "cancelled" });
    expect([engine.find("a"), updates.length]).toEqual([undefined, 1]);
  });

  it("knows nothing of what it has cancelled, so that the same file can be added again at once", () => {
    const { engine, said, updates, tell } = open();
    const again = source("a");
    engine.add([again]);
    engine.cancel("a");
    engine.cancel("a");
    engine.pause("a");
    expect([engine.find("a"), engine.ids(), engine.isBusy()]).toEqual([undefined, [], false]);
    engine.add([again]);
    tell("a", 1, { status: "cancelled" });
    expect([engine.find("a")?.run, updates]).toEqual([2, []]);
    expect(said.map(({ type }) => type)).toEqual(["open", "add", "cancel", "add"]);
  });

  it("moves while it is under way, but not while there is no network", () => {
    const { engine, tell } = open();
    engine.add([source("a")]);
    expect(engine.isMoving()).toBe(true);
    const progress = { sentBytes: 0, totalBytes: 1, bytesPerSecond: 0, remainingMs: null };
    tell("a", 1, { status: "waiting", reason: "offline", retryInMs: null, progress });
    expect([engine.isBusy(), engine.isMoving()]).toEqual([true, false]);
  });

  it("is busy while something moves, and keeps what failed for a retry", () => {
    const { engine, said, tell } = open();
    engine.add([source("a")]);
    expect(engine.isBusy()).toBe(true);
    tell("a", 1, { status: "failed", error: { code: "internal", message: "no" } });
    expect([engine.isBusy(), engine.ids()]).toEqual([false, ["a"]]);
    engine.retry("a");
    engine.retry("unknown");
    expect(said.filter(({ type }) => type === "retry")).toEqual([{ type: "retry", id: "a" }]);
  });

  it("asks the page for tokens, and says so when there is none to be had", async () => {
    const answers = [async () => "t1", async () => Promise.reject(new Error("signed out"))];
    const { said, hear } = open(() => answers.shift()?.() ?? Promise.resolve(null));
    hear({ type: "ask-token", call: 1 });
    hear({ type: "ask-token", call: 2 });
    await new Promise(setImmediate);
    expect(said.slice(1)).toEqual([
      { type: "token", call: 1, token: "t1" },
      { type: "no-token", call: 2, message: "Error: signed out" },
    ]);
  });

  it("hears nothing more once it is closed, but still remembers what it is told to", async () => {
    const { engine, updates, written, hear } = open();
    engine.add([source("a")]);
    const flight = engine.flight("a");
    engine.close();
    engine.close();
    expect(await flight).toBeUndefined();
    expect(await engine.flight("a")).toBeUndefined();
    const update: EngineUpdate = { id: "a", run: 1, status: { status: "cancelled" }, hasTransfer: false };
    hear({ type: "updates", updates: [update], remember: [["a", "1"]] });
    expect([updates, written]).toEqual([[], [["a", "1"]]]);
  });

  const progress = { sentBytes: 5, totalBytes: 9, bytesPerSecond: 0, remainingMs: null };

  it("tells another engine everything that is wanted when one is lost, and where it was", async () => {
    const { engine, said, updates, tell, lose } = open();
    engine.add(["under-way", "paused", "failed", "leaving", "done", "queued"].map(source));
    engine.pause("paused");
    tell("under-way", 1, { status: "uploading", sessionId: "s1", progress });
    tell("paused", 2, { status: "paused", sessionId: "s2", progress });
    tell("failed", 3, { status: "failed", error: { code: "internal", message: "no" } });
    tell("leaving", 4, { status: "uploading", sessionId: "s4", progress });
    engine.cancel("leaving");
    tell("done", 5, { status: "done", file: STORED });
    const flight = engine.flight("under-way");
    said.length = 0;
    updates.length = 0;
    lose();

    expect(said.map(({ type }) => type)).toEqual(["open", "discard", "add", "pause"]);
    expect(said[0]).toMatchObject({ settings: { remembered: [["k", "v"]], isOnline: false } });
    expect(said[1]).toEqual({ type: "discard", sessionIds: ["s4"] });
    const files = said.flatMap((message) => (message.type === "add" ? message.files : []));
    expect(files.map(({ run, source: { id }, goOn }) => [id, run, goOn])).toEqual([
      ["under-way", 1, { sessionId: "s1", sentBytes: 5 }],
      ["paused", 2, { sessionId: "s2", sentBytes: 5 }],
      ["queued", 6, { sessionId: null, sentBytes: 0 }],
    ]);
    expect(said[3]).toEqual({ type: "pause", id: "paused" });
    expect(updates.map(({ id, status }) => [id, status.status])).toEqual([["leaving", "cancelled"]]);
    expect(await flight).toBeUndefined();

    // What had failed there is begun here when a person asks for it, and only then.
    engine.retry("failed");
    expect(said.at(-1)).toMatchObject({ type: "add", files: [{ run: 3, source: { id: "failed" } }] });
    engine.pause("failed");
    expect(said.at(-1)).toEqual({ type: "pause", id: "failed" });
  });

  it("says nothing more for an engine that is lost after it was closed", () => {
    const { engine, said, lose } = open();
    engine.add([source("a")]);
    engine.close();
    lose();
    expect(said.map(({ type }) => type)).toEqual(["open", "add", "close"]);
  });

  it("has the engine watched while something would be lost with it", () => {
    const { engine, tell, isWatched } = open();
    const seen = [isWatched()];
    engine.add([source("a")]);
    seen.push(isWatched());
    engine.pause("a");
    seen.push(isWatched());
    engine.resume("a");
    seen.push(isWatched());
    tell("a", 1, { status: "done", file: STORED });
    expect([...seen, isWatched()]).toEqual([false, true, false, true, false]);
  });
});
