import { randomBytes, randomUUID } from "node:crypto";
import type { Kysely } from "kysely";
import {
  addProvider,
  createStorage,
  type Database,
  openProviders,
  prepareBucket,
  type Storage,
  type StorageOptions,
} from "../src/index.ts";
import { parseEnvelopeKey } from "../src/providers/keyring.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";
import {
  type BucketView,
  openTestStorage,
  type TestStorage,
  type TestStore,
  viewBucket,
} from "./test-storage.ts";

const KEY = randomBytes(32).toString("base64");

export interface BackedUp extends AsyncDisposable {
  on: TestStorage;
  backupId: string;
  /** In the way of everything that the backup's bucket is asked. */
  proxy: FaultProxy;
  copies: BucketView;
  /** One that can open both buckets. */
  open(options?: Partial<Pick<StorageOptions, "db" | "now" | "settings">>): Promise<Storage>;
}

/** A storage whose files are copied to another bucket of the same store. */
export async function openBackedUp(
  store: TestStore,
  { isAdded = true, isVersioned = false }: { isAdded?: boolean; isVersioned?: boolean } = {},
): Promise<BackedUp> {
  const on = await openTestStorage(store);
  const proxy = await startFaultProxy(store.endpoint);
  const bucket = `backup-${randomUUID()}`;
  const place = { ...store, endpoint: proxy.endpoint, bucket };
  await prepareBucket(place, { allowedOrigins: [], isVersioned });
  const backupId = isAdded ? await addBackup(on.db, place) : "";
  const opened: Storage[] = [];
  const copies = viewBucket(store, bucket);
  return {
    on,
    backupId,
    proxy,
    copies,
    open: async ({ settings, ...more } = {}) => {
      const spaces = { ...store, endpoint: on.proxy.endpoint, bucket: on.bucket.name };
      const { db = on.db } = more;
      const providers = await openProviders({
        db,
        given: spaces,
        encryptionKey: KEY,
        allowInternalEndpoints: true,
      });
      const storage = createStorage({
        ...more,
        db,
        providers,
        onError: (error) => on.errors.push(error),
        settings: { reconcileDelaysMs: [0, 20], ...settings },
      });
      opened.push(storage);
      return storage;
    },
    async [Symbol.asyncDispose]() {
      proxy.intercept = () => undefined;
      for (const storage of opened) await storage.close();
      copies.client.destroy();
      await proxy[Symbol.asyncDispose]();
      await on[Symbol.asyncDispose]();
    },
  };
}

/** Makes a bucket the backup of the primary one, or a cold one. @returns Its provider. */
export async function addBackup(
  db: Kysely<Database>,
  place: TestStore & { bucket: string },
  { isCold = false }: { isCold?: boolean } = {},
): Promise<string> {
  const { id } = await db
    .selectFrom("storage_providers")
    .select("id")
    .where("is_primary", "=", true)
    .executeTakeFirstOrThrow();
  return addProvider(
    db,
    { ...place, isPrimary: false, ...(isCold ? { isCold } : { backupOf: [id] }) },
    { encryptionKey: parseEnvelopeKey(KEY), allowInternalEndpoints: true },
  );
}
