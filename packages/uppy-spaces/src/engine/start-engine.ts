import { createCompanionCall } from "../companion-call.ts";
import { MEMORY_PREFIX } from "../page-memory.ts";
import { createUploadCalls, type UploadCalls } from "../upload-calls.ts";
import { type Clock, monotonicClock } from "./clock.ts";
import type { EngineSettings, FromEngine, ToEngine } from "./engine-messages.ts";
import { createFileTurns, type FileTurns, freeTurns } from "./file-turns.ts";
import type { NetworkChange, NetworkWatch } from "./network-watch.ts";
import { randomId } from "./random-id.ts";
import { createSessionStore } from "./session-store.ts";
import { createStatusFeed, type StatusFeed } from "./status-feed.ts";
import { createTabTalk } from "./tab-talk.ts";
import { createUploadEngine, type UploadEngine, type UploadEngineOptions } from "./upload-engine.ts";
import { transferOf } from "./upload-machine.ts";

/** After the page let go, requests that begin or end sessions still get this long. */
const LAST_REQUESTS_MS = 10_000;

/** What tests put in place of the browser and the network. */
export type EngineWorld = Partial<
  Pick<UploadEngineOptions, "client" | "store" | "turns" | "put" | "hash" | "digestOf" | "clock" | "random">
>;

/**
 * An engine at the other end of a channel: in a worker, or on the page itself where workers are refused.
 *
 * @param post Sends a message to the page.
 * @returns Takes the page's messages, the first of which is "open".
 */
export function startEngine(
  post: (message: FromEngine) => void,
  world: EngineWorld = {},
): (message: ToEngine) => void {
  let running: RunningEngine | null = null;
  return (message) => {
    if (message.type === "open") running = openEngine(message.settings, post, world);
    else running?.(message);
  };
}

type RunningEngine = (message: Exclude<ToEngine, { type: "open" }>) => void;

function openEngine(
  settings: EngineSettings,
  post: (message: FromEngine) => void,
  world: EngineWorld,
): RunningEngine {
  const clock: Clock = world.clock ?? monotonicClock;
  const runs = new Map<string, number>();
  const tokens = new Map<number, PromiseWithResolvers<string | null>>();
  let calls = 0;
  const askToken = () => {
    calls += 1;
    const asked = Promise.withResolvers<string | null>();
    tokens.set(calls, asked);
    post({ type: "ask-token", call: calls });
    return asked.promise;
  };

  const lastRequests = new Set<Promise<unknown>>();
  const client = notingRequests(
    world.client ??
      createUploadCalls(createCompanionCall({ companionUrl: settings.companionUrl, getToken: askToken })),
    lastRequests,
  );
  const network = relayedNetwork(settings.isOnline);
  const feed: StatusFeed = createStatusFeed({
    clock,
    post,
    statusOf: (id) => engine.find(id)?.status,
  });
  const remembered = new Map(settings.remembered);
  const engine: UploadEngine = createUploadEngine({
    ...world,
    client,
    store:
      world.store ??
      createSessionStore(settings.storeName, {
        get: (key) => remembered.get(key),
        keys: () => remembered.keys(),
        set: (key, value) => {
          remembered.set(key, value);
          feed.remember(key, value);
        },
        delete: (key) => {
          if (remembered.delete(key)) feed.remember(key, null);
        },
      }),
    turns: world.turns ?? turnsOfBrowser(settings.storeName, clock),
    clock,
    network,
    lanes: settings.lanes,
    stallTimeoutMs: settings.stallTimeoutMs,
    retry: settings.retry,
    onChange: (id, state, status) =>
      feed.changed({ id, run: runs.get(id) ?? 0, status, hasTransfer: transferOf(state) !== null }),
    log: (message) => post({ type: "log", message }),
  });

  const close = async () => {
    engine.close();
    feed.flush();
    let isLate = false;
    const late = new Promise<void>((resolve) => clock.after(LAST_REQUESTS_MS, resolve)).then(() => {
      isLate = true;
    });
    // The answer to one may be the reason for another.
    while (lastRequests.size > 0 && !isLate) await Promise.race([Promise.allSettled(lastRequests), late]);
    // What the last answers have to be remembered for is gathered within this turn.
    await Promise.resolve();
    feed.close();
    post({ type: "closed" });
  };

  return (message) => {
    switch (message.type) {
      case "add":
        for (const { run, source, goOn } of message.files) {
          // The upload before it is cancelled first, under its own number.
          if (runs.has(source.id)) engine.cancel(source.id);
          runs.set(source.id, run);
          engine.add(source, goOn);
        }
        return;
      case "pause":
      case "resume":
      case "retry":
      case "cancel":
        engine[message.type](message.id);
        return;
      case "discard":
        engine.discard(message.sessionIds);
        return;
      case "network":
        network.change(message.change, message.isOnline);
        return;
      case "remembered":
        if (message.value === null) remembered.delete(message.key);
        else remembered.set(message.key, message.value);
        return;
      case "token":
        tokens.get(message.call)?.resolve(message.token);
        tokens.delete(message.call);
        return;
      case "no-token":
        tokens.get(message.call)?.reject(new Error(message.message));
        tokens.delete(message.call);
        return;
      case "listen":
        void import("../md5/hand-on.ts").then(({ handOn }) => handOn(message.port));
        return;
      case "ask-flight":
        post({ type: "flight", call: message.call, record: engine.flight(message.id) });
        return;
      case "close":
        void close();
        return;
      default:
        message satisfies never;
    }
  };
}

/** Tabs keep off one another's files where the browser has what it takes, which is not in pages without TLS. */
function turnsOfBrowser(storeName: string, clock: Clock): FileTurns {
  const locks = globalThis.navigator?.locks;
  if (locks === undefined || typeof BroadcastChannel === "undefined") return freeTurns;
  const talk = createTabTalk(clock, () => new BroadcastChannel(`${MEMORY_PREFIX}${storeName}`));
  return createFileTurns({ storeName, locks, talk, clock, randomId });
}

/** The page's belief about the network, passed on. */
function relayedNetwork(
  isOnlineAtFirst: boolean,
): NetworkWatch & { change: (change: NetworkChange, isOnline: boolean) => void } {
  let isOnline = isOnlineAtFirst;
  const listeners = new Set<(change: NetworkChange) => void>();
  return {
    isOnline: () => isOnline,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    change: (change, isOnlineNow) => {
      isOnline = isOnlineNow;
      for (const listener of listeners) listener(change);
    },
  };
}

/** Notes which requests are under way that begin or end a session: of the others, nobody misses the answer. */
function notingRequests(client: UploadCalls, requests: Set<Promise<unknown>>): UploadCalls {
  const note = <T>(request: Promise<T>): Promise<T> => {
    const forget = () => requests.delete(request);
    requests.add(request);
    request.then(forget, forget);
    return request;
  };
  return {
    ...client,
    createUploads: (...args) => note(client.createUploads(...args)),
    cancelUpload: (...args) => note(client.cancelUpload(...args)),
  };
}
