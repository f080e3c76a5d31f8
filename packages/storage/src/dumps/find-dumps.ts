import { OperatorError } from "../operator/operator-error.ts";
import type { ListedObject } from "../s3/objects.ts";
import { headObject, listObjects, readRange } from "../s3/objects.ts";
import type { S3Connection } from "../s3/s3-connection.ts";
import type { StorageContext } from "../storage-context.ts";
import { DUMPS_PREFIX, parseDumpKey } from "./dump-key.ts";
import { readDatabaseFacts } from "./dump-rows.ts";
import { describeDump } from "./sealed-dump.ts";

const HEADER_BYTES = 4096 + 12;

/** What a bucket has of dumps, the oldest ones first. Whose they are nobody has asked yet. */
export async function* listDumpObjects(
  s3: S3Connection,
): AsyncGenerator<ListedObject & { id: string; startedAt: Date }> {
  let marker: string | undefined;
  do {
    const page = await listObjects(s3, { prefix: DUMPS_PREFIX, ...(marker !== undefined && { marker }) });
    for (const object of page.objects) {
      const dump = parseDumpKey(object.key);
      if (dump !== undefined) yield { ...object, ...dump };
    }
    marker = page.nextMarker;
  } while (marker !== undefined);
}

/**
 * Rows as the bucket has it: of dumps of this deployment that no row knows, since the database is older than they are; and of those
 * that are gone, or are back.
 *
 * @returns How many were found, and which are missing since the last time.
 */
export async function followBucket(
  context: StorageContext,
  { providerId, s3 }: { providerId: string; s3: S3Connection },
): Promise<{ found: number; missing: string[] }> {
  const { db, clock } = context;
  const { deploymentId } = await readDatabaseFacts(db, clock);
  const there = new Map<string, number>();
  let found = 0;
  for await (const object of listDumpObjects(s3)) {
    there.set(object.key, object.size);
    found += (await adopt(context, { providerId, s3, deploymentId, object })) ? 1 : 0;
  }
  const rows = await db
    .selectFrom("database_dumps")
    .select(["id", "object_key", "size", "state"])
    .where("storage_provider_id", "=", providerId)
    .where("state", "in", ["stored", "missing"])
    .execute();
  const missing: string[] = [];
  for (const { id, object_key, size, state } of rows) {
    // The list may be older than the row.
    const isThere = there.get(object_key) === size || (await headObject(s3, object_key))?.size === size;
    const now = isThere ? "stored" : "missing";
    if (now === state) continue;
    if (now === "missing") missing.push(object_key);
    await db
      .updateTable("database_dumps")
      .set({ state: now, ended_at: clock.now() })
      .where("id", "=", id)
      .where("state", "=", state)
      .execute();
  }
  return { found, missing };
}

/** @returns Whether it is ours, and no row knew of it. */
async function adopt(
  { db }: StorageContext,
  {
    providerId,
    s3,
    deploymentId,
    object,
  }: { providerId: string; s3: S3Connection; deploymentId: string; object: ListedObject & { id: string } },
): Promise<boolean> {
  const { key, size } = object;
  const known = await db
    .selectFrom("database_dumps")
    .select("id")
    .where("id", "=", object.id)
    .executeTakeFirst();
  if (known !== undefined) return false;
  const start = await readRange(s3, { key, offset: 0, length: HEADER_BYTES });
  const header = start && (await tryDescribe(start));
  // Another deployment's, or nobody's: not ours to keep or delete.
  if (header === undefined || header.id !== object.id || header.deploymentId !== deploymentId) return false;
  const row = await db
    .insertInto("database_dumps")
    .values({
      id: header.id,
      storage_provider_id: providerId,
      object_key: key,
      state: "stored",
      engine: header.engine,
      server_version: header.serverVersion,
      migration: header.migration,
      key_id: header.keyId,
      size,
      started_at: new Date(header.startedAt),
      ended_at: object.lastModified,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning("id")
    .executeTakeFirst();
  return row !== undefined;
}

async function tryDescribe(start: Uint8Array) {
  try {
    return await describeDump(
      (async function* () {
        yield start;
      })(),
    );
  } catch (error) {
    if (error instanceof OperatorError) return undefined;
    throw error;
  }
}
