import type { Principal } from "@audiotricks/storage";
import { createSessionStore, type KeyValueStore } from "@audiotricks/uppy-spaces/session-store";
import {
  createUploadEngine,
  type UploadEngine,
  type UploadEngineOptions,
} from "@audiotricks/uppy-spaces/upload-engine";
import type { Site } from "../site/site.ts";
import { md5Of } from "../store/content.ts";
import { putToStore } from "../store/put-to-store.ts";
import { type Actor, createActor, runAs } from "../world/actor.ts";
import { type Random, randomOf } from "../world/random.ts";
import type { Companion } from "./companion.ts";
import { createPageClient } from "./page-client.ts";
import { StretchBlob } from "./stretch-blob.ts";
import { WhatAPageKnows } from "./what-a-page-knows.ts";

type PutPart = NonNullable<UploadEngineOptions["put"]>;
type PutAnswer = Awaited<ReturnType<PutPart>>;
type UploadState = Parameters<UploadEngineOptions["onChange"]>[1];

interface Page {
  actor: Actor;
  random: Random;
  engine: UploadEngine;
  tellNetwork: (change: "online" | "offline") => void;
}

/**
 * A person with a browser: the real engine, in pages that come and go. They pick the same files again after every
 * reload, and in the end want all of them but those that they cancelled.
 */
export class Browser {
  readonly #site: Site;
  readonly #name: string;
  readonly #me: Principal;
  readonly #pick: (random: Random) => Companion;
  readonly #kept = new Map<string, string>();
  readonly #sizes = new Map<string, number>();
  readonly #cancelled = new Set<string>();
  readonly states: Map<string, UploadState> = new Map();
  readonly #done = new Set<string>();
  #isOnline = true;
  #pages = 0;
  #page: Page;

  constructor(site: Site, name: string, me: Principal, pick: (random: Random) => Companion) {
    this.#site = site;
    this.#name = name;
    this.#me = me;
    this.#pick = pick;
    this.#page = this.#open();
  }

  get files(): string[] {
    return [...this.#sizes.keys()];
  }

  get isOnline(): boolean {
    return this.#isOnline;
  }

  add(name: string, size: number): void {
    if (this.#sizes.has(name)) return;
    this.#sizes.set(name, size);
    this.#addToPage(name);
  }

  command(what: "pause" | "resume" | "retry" | "cancel", name: string): void {
    if (what === "cancel") {
      if (this.#done.has(name)) return;
      this.#cancelled.add(name);
    }
    this.#inPage((engine) => engine[what](name));
  }

  setOnline(isOnline: boolean): void {
    if (this.#isOnline === isOnline) return;
    this.#isOnline = isOnline;
    this.#inPage(() => this.#page.tellNetwork(isOnline ? "online" : "offline"));
  }

  /** The lid is closed: nothing of the page goes on, and what was due is late. */
  sleep(ms: number): void {
    this.#page.actor.stalledUntil = this.#site.world.now + ms;
  }

  async reload(how: "crash" | "close"): Promise<void> {
    if (how === "close") this.#inPage((engine) => engine.close());
    await this.#site.world.kill(this.#page.actor);
    this.states.clear();
    this.#page = this.#open();
    for (const name of this.files) {
      if (!this.#done.has(name) && !this.#cancelled.has(name)) this.#addToPage(name);
    }
  }

  /** Files that ought to be stored in the end, and are not. A limit is a reason. */
  get waiting(): string[] {
    return this.files.filter((name) => {
      if (this.#done.has(name) || this.#cancelled.has(name)) return false;
      const state = this.states.get(name);
      return !(state?.status === "failed" && LIMITS.includes(state.error.code));
    });
  }

  /** Presses every button that helps. */
  insist(): void {
    this.setOnline(true);
    for (const name of this.waiting) {
      if (this.states.get(name)?.status === "failed") this.command("retry", name);
      else this.command("resume", name);
    }
  }

  async leave(): Promise<void> {
    await this.#site.world.kill(this.#page.actor);
  }

  #inPage(run: (engine: UploadEngine) => void): void {
    const { actor, random, engine } = this.#page;
    runAs({ actor, random }, () => run(engine));
  }

  #addToPage(name: string): void {
    const size = this.#sizes.get(name) ?? 1;
    const blob = new StretchBlob({ content: name, offset: 0, size });
    const source = {
      id: name,
      blob,
      name: `${name}.wav`,
      type: "audio/wav",
      lastModified: 1,
      relativePath: null,
    };
    const more = { beside: {}, workspaceId: undefined, contentType: undefined, method: undefined };
    this.#inPage((engine) => engine.add({ ...source, ...more }));
  }

  #open(): Page {
    const { world } = this.#site;
    const actor = createActor(`${this.#name}, page ${++this.#pages}`);
    const random = randomOf(actor.name);
    const knows = new WhatAPageKnows();
    const isAlive = () => !actor.isDead;
    const kept = this.#kept;
    const values: KeyValueStore = {
      get: (key) => kept.get(key),
      keys: () => kept.keys(),
      set: (key, value) => isAlive() && kept.set(key, value),
      delete: (key) => isAlive() && kept.delete(key),
    };
    let tellNetwork: Page["tellNetwork"] = () => {};
    const engine = runAs({ actor, random }, () =>
      createUploadEngine({
        client: createPageClient(this.#site, this.#me, {
          pick: () => this.#pick(random),
          knows,
          isOnline: () => this.#isOnline,
        }),
        store: createSessionStore("https://companion", values, null),
        lanes: 4,
        network: {
          isOnline: () => this.#isOnline,
          subscribe: (onChange) => {
            tellNetwork = onChange;
            return () => {};
          },
        },
        stallTimeoutMs: 30_000,
        onChange: (name, state) => {
          if (isAlive()) this.#note(name, state);
        },
        log: () => {},
        put: (request) => this.#put(request, knows),
        hash: async (blob, signal) => {
          await world.sleep(random.skewed(1, 200));
          signal.throwIfAborted();
          const { stretch } = blob as StretchBlob;
          return { digest: new Uint8Array(Buffer.from(md5Of(stretch), "hex")), body: blob };
        },
        // There are no bytes that it could be of.
        digestOf: () => ({ follow: () => {}, take: () => {}, hex: () => null, close: () => {} }),
        clock: { now: () => world.now, after: (ms, run) => world.after(ms, run, actor) },
        random: () => random.next(),
      }),
    );
    return { actor, random, engine, tellNetwork: (change) => tellNetwork(change) };
  }

  #note(name: string, state: UploadState): void {
    this.states.set(name, state);
    if (state.status !== "done" || this.#done.has(name)) return;
    this.#done.add(name);
    const object = this.#site.buckets.find(state.file.key);
    const [stretch] = object?.stretches ?? [];
    const known = this.#site.ledger.byFile.get(state.file.id);
    const isWhole =
      stretch?.content === name && stretch.offset === 0 && stretch.size === this.#sizes.get(name);
    if (!isWhole && known?.isDeleteAsked !== true) {
      this.#site.wrong(
        `10: ${name} is said to be stored, and ${state.file.key} is ${JSON.stringify(object?.stretches)}`,
      );
    }
  }

  readonly #put = async (request: Parameters<PutPart>[0], knows: WhatAPageKnows): Promise<PutAnswer> => {
    const { faults, ledger, world } = this.#site;
    const { url, headers, body, signal, onProgress, stallTimeoutMs } = request;
    signal.throwIfAborted();
    const { sessionId, partNumber } = this.#partOf(url);
    knows.begins(sessionId, partNumber);
    const [needless] = knows.needless;
    if (needless !== undefined) this.#site.wrong(needless);
    const { stretch } = body as StretchBlob;
    ledger.sessions.get(sessionId)?.contents.add(stretch.content);

    const { promise: aborted, reject } = Promise.withResolvers<never>();
    aborted.catch(() => {});
    const onAbort = () => reject(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      if (!this.#isOnline) return NETWORK;
      if (faults.strike("put-stalled")) {
        await Promise.race([aborted, world.sleep(stallTimeoutMs)]);
        return { ok: false, failure: { kind: "stalled" } };
      }
      const answer = await Promise.race([aborted, putToStore(this.#site, { url, headers, body: stretch })]);
      // Where it is still wanted: a page that is gone hears nothing.
      await world.sleep(0);
      if (signal.aborted) throw signal.reason;
      // Ceph's 403 has no CORS headers, so the browser says no more than that it failed.
      if (answer === undefined || answer.status === 403 || !this.#isOnline) return NETWORK;
      if (answer.status !== 200)
        return { ok: false, failure: { kind: "http", status: answer.status, retryAfterMs: null } };
      onProgress(stretch.size);
      knows.isStored(sessionId, partNumber);
      const isHidden = faults.strike("etag-hidden");
      return { ok: true, etag: isHidden ? null : (answer.headers.etag ?? "").replaceAll('"', "") };
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  };

  #partOf(text: string): { sessionId: string; partNumber: number } {
    const url = new URL(text);
    const key = /(?:temp|audio)\/uploads\/.*$/.exec(decodeURIComponent(url.pathname))?.[0] ?? "";
    const partNumber = Number(url.searchParams.get("partNumber") ?? 1);
    if (key.startsWith("temp/")) return { sessionId: key.slice("temp/uploads/".length), partNumber };
    const known = [...this.#site.ledger.sessions.values()].find((session) => session.key === key);
    return { sessionId: known?.sessionId ?? key, partNumber };
  }
}

const NETWORK: PutAnswer = { ok: false, failure: { kind: "network" } };
/** What no retry helps against. */
const LIMITS: readonly string[] = ["quota_exceeded", "too_many_sessions"];
