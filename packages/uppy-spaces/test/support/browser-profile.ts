import type { CompanionClient } from "../../src/companion-client.ts";
import type { FileDigest } from "../../src/engine/file-digests.ts";
import { createFileTurns } from "../../src/engine/file-turns.ts";
import type { NetworkWatch } from "../../src/engine/network-watch.ts";
import { createSessionStore, type KeyValueStore } from "../../src/engine/session-store.ts";
import { createTabTalk } from "../../src/engine/tab-talk.ts";
import { createUploadEngine, type UploadEngine } from "../../src/engine/upload-engine.ts";
import type { UploadSource } from "../../src/engine/upload-source.ts";
import type { SpacesUploadStatus } from "../../src/upload-status.ts";
import { SimulatedAir, type SimulatedBrowser, SimulatedLocks } from "./simulated-browser.ts";
import { ContentBlob, SimulatedCloud, simulatedHash } from "./simulated-cloud.ts";
import { VirtualClock } from "./virtual-clock.ts";

const MiB = 1024 * 1024;

/** A tab that outlives its pages: same browser, same storage, same picked files, one engine at a time. */
export class BrowserProfile {
  readonly browser: SimulatedBrowser;
  readonly statuses = new Map<string, SpacesUploadStatus[]>();
  readonly problems: string[] = [];
  /** Sessions that some page learnt of before it was gone. */
  readonly told = new Set<string>();
  /** The page that lives; what an earlier one still hears or does is nothing. */
  #page = new AbortController();
  #isOnline = true;
  #changeNetwork: (change: "online" | "offline") => void = () => {};
  engine: UploadEngine;

  /** @param options A tab beside others of the same browser, or what a new browser meets with. */
  constructor(
    options: SimulatedBrowser | { seed?: number; trouble?: number; expiresInSeconds?: number } = {},
  ) {
    this.browser = "cloud" in options ? options : openBrowser(options);
    this.engine = this.#open();
  }

  get clock(): VirtualClock {
    return this.browser.clock;
  }

  get cloud(): SimulatedCloud {
    return this.browser.cloud;
  }

  #open(): UploadEngine {
    this.#page.abort();
    this.#page = new AbortController();
    const { signal: gone } = this.#page;
    const isAlive = () => !gone.aborted;
    const { values, clock, random, locks, air } = this.browser;
    const ownLocks = locks.of(gone);
    const talk = createTabTalk(clock, () => air.open(gone));
    const randomId = () => String(random());
    const storage: KeyValueStore = {
      get: (key) => values.get(key),
      keys: () => values.keys(),
      set: (key, value) => {
        if (isAlive()) values.set(key, value);
      },
      delete: (key) => {
        if (isAlive()) values.delete(key);
      },
    };
    const network: NetworkWatch = {
      isOnline: () => this.cloud.isOnline,
      subscribe: (onChange) => {
        this.#changeNetwork = (change) => {
          if (isAlive()) onChange(change);
        };
        return () => {};
      },
    };
    this.statuses.clear();
    return createUploadEngine({
      client: this.#seenFrom(isAlive),
      store: createSessionStore("https://companion", storage, ownLocks),
      turns: createFileTurns({ storeName: "https://companion", locks: ownLocks, talk, clock, randomId }),
      put: (request) => {
        if (gone.aborted) return NEVER;
        const signal = AbortSignal.any([request.signal, gone]);
        return untilGone(this.cloud.put({ ...request, signal }), isAlive);
      },
      hash: simulatedHash,
      digestOf: () => NO_DIGEST,
      clock,
      network,
      random,
      lanes: 4,
      stallTimeoutMs: 10_000,
      retry: { budgetMs: 1e9 },
      onChange: (id, _state, status) => {
        if (isAlive()) this.#note(id, status);
      },
      log: () => {},
    });
  }

  #note(id: string, status: SpacesUploadStatus): void {
    const before = this.statuses.get(id) ?? [];
    const last = before.at(-1);
    if (last !== undefined && "progress" in last && "progress" in status) {
      const { sentBytes, totalBytes } = status.progress;
      if (sentBytes < last.progress.sentBytes) this.problems.push(`${id} went back`);
      if (sentBytes > totalBytes) this.problems.push(`${id} sent more than there is`);
    }
    if (last?.status === "done" || last?.status === "cancelled") {
      if (status.status !== "queued") this.problems.push(`${id} left ${last.status}`);
    }
    this.statuses.set(id, [...before, status]);
  }

  /** The page goes, and comes back with nothing but its storage. */
  reload(): void {
    this.engine.close();
    this.engine = this.#open();
  }

  /** The tab is closed for good: nothing of it is left but what it remembered. */
  kill(): void {
    this.#page.abort();
  }

  /** The page dies in the middle of whatever it was doing. */
  crash(): void {
    this.engine = this.#open();
  }

  /** The companion and the store as long as the page is there: a dead one asks nothing and hears nothing. */
  #seenFrom(isAlive: () => boolean): CompanionClient {
    const { client } = this.cloud;
    const toldHere = new Set<string>();
    const ask = <T>(call: () => Promise<T>): Promise<T> => (isAlive() ? untilGone(call(), isAlive) : NEVER);
    return {
      ...client,
      createUploads: async (...args) => {
        const answer = await ask(() => client.createUploads(...args));
        for (const result of answer.results) {
          if (!("session" in result)) continue;
          const { sessionId, storedParts } = result.session;
          this.told.add(sessionId);
          // A repeated request is answered again for files that have their answer.
          if (!toldHere.has(sessionId))
            for (const { partNumber } of storedParts) this.cloud.listed.add(`${sessionId}/${partNumber}`);
          toldHere.add(sessionId);
        }
        return answer;
      },
      signParts: (...args) => ask(() => client.signParts(...args)),
      completeUpload: (...args) => ask(() => client.completeUpload(...args)),
      completeUploads: (...args) => ask(() => client.completeUploads(...args)),
      cancelUpload: (...args) => ask(() => client.cancelUpload(...args)),
      listUploads: (...args) => ask(() => client.listUploads(...args)),
      getUpload: (...args) => ask(() => client.getUpload(...args)),
    };
  }

  setOnline(isOnline: boolean): void {
    if (this.#isOnline === isOnline) return;
    this.#isOnline = isOnline;
    this.cloud.isOnline = isOnline;
    this.#changeNetwork(isOnline ? "online" : "offline");
  }

  add(id: string, size: number, content = id): void {
    this.engine.add(sourceOf(id, size, content));
  }

  last(id: string): SpacesUploadStatus["status"] | undefined {
    return this.statuses.get(id)?.at(-1)?.status;
  }

  async until(isTrue: () => boolean, mostSteps = 20_000): Promise<void> {
    for (let steps = 0; steps < mostSteps; steps += 1) {
      if (isTrue()) return;
      if (!this.clock.hasTimers) await this.clock.advance(0);
      if (isTrue()) return;
      if (!this.clock.hasTimers) break;
      await this.clock.step();
    }
    throw new Error(`Stuck: ${JSON.stringify([...this.statuses].map(([id, all]) => [id, all.at(-1)]))}`);
  }
}

/** Its files have a content, and no bytes. */
const NO_DIGEST: FileDigest = { follow: () => {}, take: () => {}, hex: () => null, close: () => {} };
function openBrowser(options: {
  seed?: number;
  trouble?: number;
  expiresInSeconds?: number;
}): SimulatedBrowser {
  const { seed = 1, trouble = 0, expiresInSeconds = 900 } = options;
  const clock = new VirtualClock();
  const random = randomFrom(seed);
  return {
    clock,
    random,
    cloud: new SimulatedCloud({ clock, random, partSize: 5 * MiB, trouble, expiresInSeconds }),
    values: new Map(),
    locks: new SimulatedLocks(clock),
    air: new SimulatedAir(clock),
  };
}

const NEVER = new Promise<never>(() => {});

/** What an answer is to a page: nothing, once that is gone. */
function untilGone<T>(answer: Promise<T>, isAlive: () => boolean): Promise<T> {
  return new Promise((resolve, reject) => {
    answer.then(
      (value) => {
        if (isAlive()) resolve(value);
      },
      (error: unknown) => {
        if (isAlive()) reject(error);
      },
    );
  });
}

export function sourceOf(id: string, size: number, content = id): UploadSource {
  return {
    id,
    blob: new ContentBlob(content, size),
    name: `${id}.wav`,
    type: "audio/wav",
    lastModified: 1,
    relativePath: null,
    beside: {},
    workspaceId: undefined,
    contentType: undefined,
    method: undefined,
  };
}

function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
