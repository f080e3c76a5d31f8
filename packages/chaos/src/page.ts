import { setTimeout as delay } from "node:timers/promises";
import { createSessionStore } from "@audiotricks/uppy-spaces/session-store";
import {
  createUploadEngine,
  type UploadEngine,
  type UploadEngineOptions,
} from "@audiotricks/uppy-spaces/upload-engine";
import { bytesOf, type SentFile } from "./ledger.ts";
import { type Person, pickSize } from "./person.ts";

type Put = NonNullable<UploadEngineOptions["put"]>;

const FILES_AT_ONCE = 4;

/** The engine of the browser, with this process in place of a page: paused, cancelled, and reloaded at any moment. */
export class Page {
  readonly #person: Person;
  /** What a browser keeps across reloads. */
  readonly #kept = new Map<string, string>();
  readonly #open = new Map<string, SentFile>();
  #engine: UploadEngine;
  #loads = 0;

  constructor(person: Person) {
    this.#person = person;
    this.#engine = this.#load();
  }

  async run(): Promise<void> {
    const { random, ledger, name, userId, signal } = this.#person;
    for (let number = 1; !signal.aborted; ) {
      if (this.#open.size < FILES_AT_ONCE) {
        const file = ledger.born({
          name: `${name}-${number++}.wav`,
          userId,
          size: pickSize(random).size,
          seed: random.whole(1, 2 ** 31),
        });
        this.#open.set(file.name, file);
        this.#add(file);
      }
      await delay(random.between(50, 400));
      this.#doSomething();
    }
  }

  /** Presses what helps, until nothing is left to press or time is up. */
  async settle(ms: number): Promise<void> {
    for (const deadline = Date.now() + ms; this.#open.size > 0 && Date.now() < deadline; await delay(500))
      for (const id of this.#open.keys()) this.#insist(id);
    for (const { name } of this.#open.values()) this.#person.ledger.count(`not stored in the end: ${name}`);
    this.#engine.close();
  }

  #doSomething(): void {
    const { random, ledger } = this.#person;
    const [id] = this.#open.keys();
    if (id === undefined) return;
    const chance = random.next();
    if (chance < 0.01) this.#engine.pause(id);
    else if (chance < 0.013) {
      const file = this.#open.get(id);
      if (file !== undefined) file.isCancelAsked = true;
      this.#engine.cancel(id);
    } else if (chance < 0.02) {
      ledger.count("reloads");
      this.#engine.close();
      this.#engine = this.#load();
      for (const file of this.#open.values()) if (!file.isCancelAsked) this.#add(file);
    } else this.#insist(random.pick([...this.#open.keys()]));
  }

  #insist(id: string): void {
    const found = this.#engine.find(id);
    if (found?.state.status === "failed") this.#engine.retry(id);
    else this.#engine.resume(id);
  }

  #load(): UploadEngine {
    const { client, random, ledger } = this.#person;
    const load = ++this.#loads;
    return createUploadEngine({
      client,
      store: createSessionStore("chaos", this.#kept, null),
      lanes: 6,
      network: { isOnline: () => true, subscribe: () => () => undefined },
      stallTimeoutMs: 10_000,
      onChange: (id, state, status) => {
        const file = this.#open.get(id);
        if (file === undefined || load !== this.#loads) return;
        if ("sessionId" in status && status.sessionId !== null) file.sessionIds.add(status.sessionId);
        if (state.status === "done") ledger.acknowledge(file, state.file);
        if (state.status === "failed") ledger.count(`engine gave up: ${state.error.code}`);
        const isOver = state.status === "failed" && LIMITS.includes(state.error.code);
        if (state.status === "done" || state.status === "cancelled" || isOver) this.#open.delete(id);
      },
      log: () => undefined,
      put: putByFetch,
      random: () => random.next(),
    });
  }

  #add(file: SentFile): void {
    this.#engine.add({
      id: file.name,
      blob: new Blob([bytesOf(file)]),
      name: file.name,
      type: "audio/wav",
      lastModified: 1,
      relativePath: null,
      beside: {},
      workspaceId: this.#person.workspaceId,
      contentType: undefined,
      method: undefined,
    });
  }
}

/** What no retry helps against. */
const LIMITS: readonly string[] = ["quota_exceeded", "too_many_sessions"];

/** Without the progress that only a browser tells. */
const putByFetch: Put = async ({ url, headers, body, onProgress, signal, stallTimeoutMs }) => {
  const stalled = AbortSignal.timeout(stallTimeoutMs);
  try {
    const answer = await fetch(url, {
      method: "PUT",
      headers,
      body,
      signal: AbortSignal.any([signal, stalled]),
    });
    await answer.arrayBuffer();
    if (!answer.ok)
      return { ok: false, failure: { kind: "http", status: answer.status, retryAfterMs: null } };
    onProgress(body instanceof Blob ? body.size : body.length);
    return { ok: true, etag: answer.headers.get("etag")?.replaceAll('"', "") ?? null };
  } catch {
    signal.throwIfAborted();
    return { ok: false, failure: { kind: stalled.aborted ? "stalled" : "network" } };
  }
};
