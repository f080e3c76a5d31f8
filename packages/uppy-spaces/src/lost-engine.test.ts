import { describe, expect, it } from "vitest";
import { BrowserProfile, sourceOf } from "../test/support/browser-profile.ts";
import { simulatedHash } from "../test/support/simulated-cloud.ts";
import { createFileTurns } from "./engine/file-turns.ts";
import { createSessionStore } from "./engine/session-store.ts";
import { startEngine } from "./engine/start-engine.ts";
import { createTabTalk } from "./engine/tab-talk.ts";
import type { UploadSource } from "./engine/upload-source.ts";
import { openRemoteEngine } from "./remote-engine.ts";
import type { UploadCalls } from "./upload-calls.ts";
import type { SpacesUploadStatus } from "./upload-status.ts";

const MiB = 1024 * 1024;
const NEVER = new Promise<never>(() => {});

/** A page whose engine can be killed at any moment: what a dead one does or hears is nothing. */
function openPage() {
  const { browser } = new BrowserProfile();
  const { clock, cloud, values, locks, air, random } = browser;
  const statuses = new Map<string, SpacesUploadStatus[]>();
  let alive = new AbortController();
  let begin = () => {};
  let send: ReturnType<typeof startEngine> = () => {};
  const engine = openRemoteEngine({
    settings: {
      companionUrl: "https://c",
      storeName: "c",
      lanes: 4,
      stallTimeoutMs: 10_000,
      retry: undefined,
    },
    getToken: () => null,
    onUpdates: (updates) => {
      for (const { id, status } of updates) statuses.set(id, [...(statuses.get(id) ?? []), status]);
    },
    log: () => {},
    memory: {
      entries: () => [...values],
      write: (key, value) => void (value === null ? values.delete(key) : values.set(key, value)),
      subscribe: () => () => {},
    },
    network: { isOnline: () => true, subscribe: () => () => {} },
    openChannel: (receive, onLost) => {
      const start = () => {
        alive = new AbortController();
        const { signal } = alive;
        const ownLocks = locks.of(signal);
        const talk = createTabTalk(clock, () => air.open(signal));
        const randomId = () => String(random());
        send = startEngine((message) => signal.aborted || receive(message), {
          client: whileAlive(cloud.client, signal),
          put: (request) => {
            if (signal.aborted) return NEVER;
            return cloud
              .put({ ...request, signal: AbortSignal.any([request.signal, signal]) })
              .catch(() => NEVER);
          },
          // What a worker holds is given back when it dies.
          store: createSessionStore("c", values, ownLocks),
          hash: simulatedHash,
          clock,
          random,
          turns: createFileTurns({ storeName: "c", locks: ownLocks, talk, clock, randomId }),
        });
      };
      start();
      begin = () => {
        start();
        onLost();
      };
      return { send: (message) => send(message), watch: () => {} };
    },
  });
  const last = (id: string) => statuses.get(id)?.at(-1);
  const until = async (isTrue: () => boolean) => {
    for (let steps = 0; !isTrue(); steps += 1) {
      if (steps > 5000) throw new Error(`Stuck: ${JSON.stringify([...statuses.keys()].map(last))}`);
      await clock.step();
    }
  };
  const kill = () => {
    alive.abort();
    begin();
  };
  return { engine, cloud, clock, statuses, last, until, kill };
}

function whileAlive(client: UploadCalls, signal: AbortSignal): UploadCalls {
  return new Proxy(client, {
    get: (target, name: keyof UploadCalls) => {
      const method = target[name] as (...args: unknown[]) => Promise<unknown>;
      return async (...args: unknown[]) => {
        const answer = signal.aborted ? NEVER : method(...args);
        await Promise.allSettled([answer]);
        return signal.aborted ? NEVER : answer;
      };
    },
  });
}

const lookalike = (id: string, content: string): UploadSource => ({
  ...sourceOf(id, 60 * MiB, content),
  name: "stem.wav",
});

describe("an engine that is lost in mid-upload", () => {
  it("is followed by one that goes on where it was, mixes nothing and forgets nobody's wish", async () => {
    const { engine, cloud, clock, statuses, last, until, kill } = openPage();
    engine.add([lookalike("1", "one"), lookalike("2", "two")]);
    engine.add([sourceOf("paused", 60 * MiB), sourceOf("cancelled", 60 * MiB)]);
    await until(() => cloud.acknowledged.size >= 8);
    engine.pause("paused");
    await clock.advance(20);
    engine.cancel("cancelled");
    kill();
    await until(() => cloud.acknowledged.size >= 16);
    kill();
    await until(() => last("1")?.status === "done" && last("2")?.status === "done");
    await clock.advance(60_000);

    expect([last("paused")?.status, last("cancelled")?.status]).toEqual(["paused", "cancelled"]);
    engine.resume("paused");
    await until(() => last("paused")?.status === "done");
    const sessions = [...cloud.sessions.values()].map(({ state, content }) => [content, state]);
    expect(sessions.toSorted(([a], [b]) => ((a ?? "") < (b ?? "") ? -1 : 1))).toEqual([
      ["cancelled", "aborted"],
      ["one", "completed"],
      ["paused", "completed"],
      ["two", "completed"],
    ]);
    expect([cloud.needless, cloud.doubled]).toEqual([[], []]);
    for (const all of statuses.values()) {
      const shown = all.flatMap((status) => ("progress" in status ? [status.progress.sentBytes] : []));
      expect(shown).toEqual(shown.toSorted((a, b) => a - b));
    }
  });
});
