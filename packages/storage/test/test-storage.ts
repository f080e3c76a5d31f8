import { randomUUID } from "node:crypto";
import type { CreatedUpload, FileRecord, NewUpload, PartUrl } from "@audiotricks/protocol/messages";
import { createPgliteDatabase, createTestDatabase } from "@audiotricks/testing/database";
import { seedUser } from "@audiotricks/testing/seed";
import {
  AbortMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { type Kysely, sql } from "kysely";
import {
  createStorage,
  type Database,
  openProviders,
  type Principal,
  prepareBucket,
  type Storage,
  type StorageOptions,
} from "../src/index.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";

export const PART_SIZE = 5 * 1024 * 1024;

/** An S3 server with a key that may make buckets. */
export interface TestStore {
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
}

export interface TestStorage extends AsyncDisposable {
  db: Kysely<Database>;
  storage: Storage;
  proxy: FaultProxy;
  /** A user of their own, known to the database. */
  me: Principal;
  /** Another server on the same database and bucket, perhaps with another idea of the time. */
  openAnother(
    options?: Partial<Pick<StorageOptions, "db" | "now" | "settings" | "cdn" | "scanning">>,
  ): Promise<Storage>;
  bucket: BucketView;
  /** What reached `onError`. */
  errors: unknown[];
}

/** The bucket as someone with its key sees it, around our code and the proxy. */
export interface BucketView {
  client: S3Client;
  name: string;
  keys(prefix?: string): Promise<string[]>;
  /** Keys of the uploads under way. */
  openUploads(): Promise<string[]>;
  read(key: string): Promise<Uint8Array>;
  has(key: string): Promise<boolean>;
  put(key: string, bytes: Uint8Array): Promise<void>;
  abort(key: string, uploadId: string): Promise<void>;
}

/** A migrated database, a new bucket and a storage on both; everything in the way of S3 goes through the proxy. */
export async function openTestStorage(
  store: TestStore,
  options: { database?: "postgres" | "pglite" } & Pick<StorageOptions, "settings"> = {},
): Promise<TestStorage> {
  const database =
    options.database === "pglite"
      ? await createPgliteDatabase<Database>()
      : await createTestDatabase<Database>();
  const { db } = database;
  const proxy = await startFaultProxy(store.endpoint);
  const bucket = `test-${randomUUID()}`;
  const spaces = { ...store, endpoint: proxy.endpoint, bucket };
  await prepareBucket({ ...store, bucket }, { allowedOrigins: ["http://localhost:3000"] });
  const providers = await openProviders({ db, spaces });
  // Small parts keep the files of tests small.
  await db.updateTable("storage_providers").set({ preferred_part_size: PART_SIZE }).execute();
  const errors: unknown[] = [];
  const opened: Storage[] = [];
  const openAnother: TestStorage["openAnother"] = async (more = {}) => {
    const another = createStorage({
      db,
      providers,
      onError: (error) => errors.push(error),
      ...more,
      settings: { reconcileDelaysMs: [0, 50, 100], ...options.settings, ...more.settings },
    });
    opened.push(another);
    return another;
  };
  const view = viewBucket(store, bucket);
  return {
    db,
    storage: await openAnother(),
    proxy,
    me: { userId: await seedUser(db) },
    openAnother,
    bucket: view,
    errors,
    async [Symbol.asyncDispose]() {
      proxy.intercept = () => undefined;
      for (const storage of opened) await storage.close();
      view.client.destroy();
      await proxy[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** @param store With its own address, around any proxy. */
export function viewBucket(store: TestStore, name: string): BucketView {
  const { endpoint, region, accessKeyId, secretAccessKey } = store;
  const client = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  return {
    client,
    name,
    keys: async (prefix = "") => {
      const { Contents = [] } = await client.send(new ListObjectsCommand({ Bucket: name, Prefix: prefix }));
      return Contents.map(({ Key = "" }) => Key);
    },
    openUploads: async () => {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: name }));
      return Uploads.map(({ Key = "" }) => Key);
    },
    read: async (key) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: name, Key: key }));
      return (await Body?.transformToByteArray()) ?? new Uint8Array();
    },
    has: (key) =>
      client.send(new HeadObjectCommand({ Bucket: name, Key: key })).then(
        () => true,
        () => false,
      ),
    put: async (Key, Body) => void (await client.send(new PutObjectCommand({ Bucket: name, Key, Body }))),
    abort: async (key, uploadId) => {
      await client.send(new AbortMultipartUploadCommand({ Bucket: name, Key: key, UploadId: uploadId }));
    },
  };
}

export function newUpload(upload: Partial<NewUpload> & { size: number }): NewUpload {
  return {
    clientId: randomUUID(),
    name: "take one.wav",
    type: "audio/wav",
    contentType: "audio_file",
    ...upload,
  };
}

/** Begins one upload and expects that to work. */
export async function begin(
  { storage, me }: Pick<TestStorage, "storage" | "me">,
  upload: Partial<NewUpload> & { size: number },
  options?: { idempotencyKey?: string },
): Promise<CreatedUpload> {
  const [result] = await storage.uploads.create(me, [newUpload(upload)], options);
  if (result === undefined || "error" in result) throw new Error(`not created: ${JSON.stringify(result)}`);
  return result.session;
}

/** Sends parts as a browser would. @returns Statuses by part number. */
export async function send(
  session: { partSize: number },
  urls: readonly PartUrl[],
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Map<number, number>> {
  const statuses = new Map<number, number>();
  await Promise.all(
    urls.map(async ({ url, partNumber, size }) => {
      const offset = (partNumber - 1) * session.partSize;
      const answer = await fetch(url, { method: "PUT", body: bytes.subarray(offset, offset + size) });
      await answer.arrayBuffer();
      statuses.set(partNumber, answer.status);
    }),
  );
  return statuses;
}

/** From the first byte to `stored`. */
export async function upload(
  on: Pick<TestStorage, "storage" | "me">,
  bytes: Uint8Array<ArrayBuffer>,
  upload: Partial<NewUpload> = {},
): Promise<FileRecord> {
  const session = await begin(on, { ...upload, size: bytes.length });
  await send(session, session.urls, bytes);
  const completion = await on.storage.uploads.complete(on.me, session.sessionId, {});
  if (completion.state !== "completed") throw new Error(`not completed: ${completion.state}`);
  return completion.file;
}

/** What counts for the user's quota, and whether it is what the rows say. */
export async function countUsage(db: Kysely<Database>, { userId }: Principal) {
  const { rows } = await sql<{
    usedBytes: number;
    reservedBytes: number;
    usedFiles: number;
    reservedFiles: number;
  }>`
    SELECT coalesce(max(used_bytes), 0)::float8 AS "usedBytes", coalesce(max(reserved_bytes), 0)::float8 AS "reservedBytes",
      coalesce(max(used_files), 0) AS "usedFiles", coalesce(max(reserved_files), 0) AS "reservedFiles"
    FROM storage_counters WHERE scope = 'user' AND scope_id = ${userId}`.execute(db);
  const counted = rows[0];
  const { rows: summed } = await sql<typeof counted>`
    SELECT
      (SELECT coalesce(sum(file_size), 0) FROM file_storage WHERE user_id = ${userId}
        AND status IN ('stored', 'processing', 'processed', 'quarantined', 'archived', 'recalling'))::float8 AS "usedBytes",
      (SELECT coalesce(sum(total_file_size), 0) FROM multipart_uploads WHERE user_id = ${userId}
        AND status IN ('creating', 'active', 'completing'))::float8 AS "reservedBytes"`.execute(db);
  if (counted?.usedBytes !== summed[0]?.usedBytes || counted?.reservedBytes !== summed[0]?.reservedBytes) {
    throw new Error(`counters ${JSON.stringify(counted)} are not the rows' ${JSON.stringify(summed[0])}`);
  }
  return counted;
}

/** A promise to be kept by hand. */
export function gate(): { opened: Promise<void>; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}
