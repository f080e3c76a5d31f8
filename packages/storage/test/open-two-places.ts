import { randomBytes, randomUUID } from "node:crypto";
import { createTestDatabase } from "@audiotricks/testing/database";
import { seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import type { Kysely, KyselyPlugin } from "kysely";
import {
  addProvider,
  createStorage,
  type Database,
  openProviders,
  type Principal,
  parseEnvelopeKey,
  prepareBucket,
  type Storage,
  type StorageOptions,
} from "../src/index.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";
import { type BucketView, PART_SIZE, type TestStore, upload, viewBucket } from "./test-storage.ts";

export interface Place {
  id: string;
  proxy: FaultProxy;
  view: BucketView;
}

export interface World extends AsyncDisposable {
  db: Kysely<Database>;
  me: Principal;
  workspaceId: string;
  old: Place;
  next: Place;
  storage: Storage;
  open(aheadMs?: number, settings?: StorageOptions["settings"]): Storage;
  /** One to which something happens once: behind its first question for which `isIt` says so, before it has the answer. */
  openHalted(isIt: (question: string) => boolean, happen: () => Promise<void>): Storage;
  store(size: number, name?: string): Promise<{ id: string; key: string; bytes: Uint8Array<ArrayBuffer> }>;
  /** As anybody reads it now. */
  read(id: string): Promise<Uint8Array>;
}

/** A workspace whose files are in one of two buckets of a store. */
export async function openTwoPlaces(
  store: TestStore,
  { nextIsCold = false }: { nextIsCold?: boolean } = {},
): Promise<World> {
  const database = await createTestDatabase<Database>();
  const { db } = database;
  const encryptionKey = randomBytes(32).toString("base64");
  const key = { encryptionKey: parseEnvelopeKey(encryptionKey), allowInternalEndpoints: true };
  const addPlace = async (name: string, kind: { isPrimary: boolean; isCold?: boolean }): Promise<Place> => {
    const proxy = await startFaultProxy(store.endpoint);
    const bucket = `${name}-${randomUUID()}`;
    await prepareBucket({ ...store, bucket }, { allowedOrigins: ["http://localhost:3000"] });
    const added = { ...store, endpoint: proxy.endpoint, bucket, name: "digitalocean_spaces", ...kind };
    return { id: await addProvider(db, added, key), proxy, view: viewBucket(store, bucket) };
  };
  const old = await addPlace("old", { isPrimary: true });
  const next = await addPlace("next", { isPrimary: false, isCold: nextIsCold });
  await db.updateTable("storage_providers").set({ preferred_part_size: PART_SIZE }).execute();
  const me = { userId: await seedUser(db) };
  const workspaceId = await seedWorkspace(db, { members: { [me.userId]: "admin" } });
  const opened: Storage[] = [];
  const providers = await openProviders({ db, encryptionKey, allowInternalEndpoints: true });
  const open = (aheadMs = 0, settings: StorageOptions["settings"] = {}, through = db) => {
    const now = aheadMs === 0 ? {} : { now: () => new Date(Date.now() + aheadMs) };
    const storage = createStorage({
      db: through,
      providers,
      ...now,
      settings: { reconcileDelaysMs: [0, 50], leftoverGraceMs: 0, sweepMs: 60_000, ...settings },
    });
    opened.push(storage);
    return storage;
  };
  const storage = open();
  return {
    db,
    me,
    workspaceId,
    old,
    next,
    storage,
    open: (aheadMs, settings) => open(aheadMs, settings),
    openHalted: (isIt, happen) => open(0, {}, db.withPlugin(haltOnce(isIt, happen))),
    store: async (size, name = `${randomUUID()}.wav`) => {
      const bytes = new Uint8Array(randomBytes(size));
      bytes.set(new TextEncoder().encode("RIFF____WAVEfmt ").subarray(0, size));
      const { id } = await upload({ storage, me }, bytes, { name, workspaceId });
      const { storage_path } = await db
        .selectFrom("file_storage")
        .select("storage_path")
        .where("id", "=", id)
        .executeTakeFirstOrThrow();
      return { id, key: storage_path, bytes };
    },
    read: async (id) => {
      const { url } = await storage.files.download(me, id, { disposition: "attachment" });
      const answer = await fetch(url);
      if (!answer.ok) throw new Error(`${answer.status}`);
      return new Uint8Array(await answer.arrayBuffer());
    },
    async [Symbol.asyncDispose]() {
      for (const { proxy } of [old, next]) proxy.intercept = () => undefined;
      for (const one of opened) await one.close();
      for (const { proxy, view } of [old, next]) {
        view.client.destroy();
        await proxy[Symbol.asyncDispose]();
      }
      await database[Symbol.asyncDispose]();
    },
  };
}

function haltOnce(isIt: (question: string) => boolean, happen: () => Promise<void>): KyselyPlugin {
  let halted: object | undefined;
  return {
    transformQuery: ({ node, queryId }) => {
      if (halted === undefined && isIt(JSON.stringify(node))) halted = queryId;
      return node;
    },
    transformResult: async ({ queryId, result }) => {
      if (queryId === halted) await happen();
      return result;
    },
  };
}
