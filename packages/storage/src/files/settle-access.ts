import { UploadError } from "@audiotricks/protocol";
import { type RawBuilder, type Selectable, sql } from "kysely";
import type { Clock } from "../clock.ts";
import type { FileStorage } from "../database-schema.ts";
import { putObjectAcl } from "../s3/object-acl.ts";
import { storageUnavailable } from "../s3/s3-failure.ts";
import type { StorageContext } from "../storage-context.ts";
import { STORED_STATES } from "./stored-states.ts";

/** One attempt to bring the store to where the row is. */
export interface AccessChange {
  fileId: string;
  version: number;
  direction: "opening" | "closing";
  key: string;
  providerId: string;
  userId: string | null;
  workspaceId: string | null;
  /** No attempt before it can have opened the object. */
  isFirst: boolean;
}

/**
 * How long an attempt belongs to whoever made it. As in `follow_file_access`; longer than a call may wait for its turn and then
 * for its answer, so that no two are on their way to the store at once.
 */
const ATTEMPT_MS = 60_000;
const TURN_MS = 20_000;

/** `undefined` where store and row agree. */
export function accessChangeOf(row: Selectable<FileStorage>, isFirst: boolean): AccessChange | undefined {
  if (row.store_access !== "opening" && row.store_access !== "closing") return undefined;
  return {
    fileId: row.id,
    version: row.access_version,
    direction: row.store_access,
    key: row.storage_path,
    providerId: row.storage_provider_id,
    userId: row.user_id,
    workspaceId: row.workspace_id,
    isFirst,
  };
}

/** Of `file_storage f`: nobody is at it any more. */
export function isAccessDue(clock: Clock): RawBuilder<boolean> {
  return sql`(f.access_due_at <= ${clock.now()} AND f.status IN (${sql.join(STORED_STATES)}))`;
}

/**
 * Claims changes that nobody is at any more, each under its file's id.
 *
 * @param only Just this file's.
 */
export async function claimAccessChanges(
  { db, clock, settings }: StorageContext,
  only?: string,
): Promise<(AccessChange & { id: string })[]> {
  const rows = await db
    .updateTable("file_storage")
    .set({
      access_version: sql<number>`access_version + 1`,
      access_due_at: clock.in(ATTEMPT_MS),
      opened_at: sql<Date | null>`CASE WHEN store_access = 'opening' THEN ${clock.now()} ELSE opened_at END`,
    })
    .where("id", "in", (eb) =>
      eb
        .selectFrom("file_storage as f")
        .select("f.id")
        .where(isAccessDue(clock))
        .$if(only !== undefined, (query) => query.where("f.id", "=", only ?? ""))
        .orderBy("f.access_due_at")
        .limit(settings.sweepBatch)
        .forUpdate()
        .skipLocked(),
    )
    .returningAll()
    .execute();
  return rows.flatMap((row) => {
    const change = accessChangeOf(row, false);
    return change === undefined ? [] : [{ ...change, id: row.id }];
  });
}

/**
 * Opens or closes the object at the store, then says so in the row, unless the row has gone on meanwhile.
 *
 * @throws {UploadError} `storage_unavailable`: the row stays as it was, and the sweep tries again; `provider_unsupported` for a
 *   store that lets nothing be public: then the file is private again.
 */
export async function settleAccess(context: StorageContext, change: AccessChange): Promise<void> {
  const { fileId, userId, workspaceId, providerId } = change;
  const store = await context.stores.of(providerId, { fileId, userId, workspaceId });
  const signals = [AbortSignal.timeout(TURN_MS), ...(store.s3.signal === undefined ? [] : [store.s3.signal])];
  const s3 = { ...store.s3, signal: AbortSignal.any(signals) };
  const { key, direction } = change;
  const acl = direction === "opening" ? "public-read" : "private";
  const answer = await putObjectAcl(s3, { key, acl });
  if (direction === "opening" && answer === "set") return opened(context, change, store.publicUrlOf(key));
  // What is not there, nobody reads.
  if (direction === "closing" && (answer === "set" || answer === "gone"))
    return closed(context, change, s3.completionLimitMs);
  if (direction === "opening" && answer === "refused") await giveUpOpening(context, change);
  throw storageUnavailable("PutObjectAcl", { code: answer, status: undefined, requestId: undefined });
}

/** Lets others have a change that failed at once, rather than when its time is up. */
export async function releaseAccess(context: StorageContext, change: AccessChange): Promise<void> {
  await attempt(context, change).set({ access_due_at: context.clock.now() }).execute();
}

async function opened(context: StorageContext, change: AccessChange, url: string): Promise<void> {
  await attempt(context, change)
    .set({ store_access: "public", cdn_url: url, access_due_at: null, opened_at: null })
    .execute();
}

/**
 * After an attempt to open whose answer never came: its request may still be on its way and arrive after ours. It is closed once
 * more when the store cannot be at it any longer, and only then is that the end.
 */
async function closed(context: StorageContext, change: AccessChange, limitMs: number): Promise<void> {
  const { db, clock } = context;
  // Once nobody can make the CDN a new copy, and before the row forgets that there may be an old one.
  await sql`SELECT queue_cdn_purge(${change.providerId}, ${change.key})`.execute(db);
  const until = sql`opened_at + ${limitMs / 1000} * interval '1 second'`;
  const isOver = sql`(opened_at IS NULL OR ${until} <= ${clock.now()})`;
  await attempt(context, change)
    .set({
      store_access: sql<string>`CASE WHEN ${isOver} THEN 'private' ELSE 'closing' END`,
      access_due_at: sql<Date | null>`CASE WHEN NOT ${isOver} THEN ${until} END`,
      opened_at: sql<Date | null>`CASE WHEN NOT ${isOver} THEN opened_at END`,
    })
    .execute();
}

async function giveUpOpening(context: StorageContext, change: AccessChange): Promise<never> {
  // By its trigger it is to be closed, as if it had been opened: an attempt before this one may have done so.
  await attempt(context, change).set({ access_level: "private" }).execute();
  if (change.isFirst)
    await attempt(context, { ...change, version: change.version + 1, direction: "closing" })
      .set({ store_access: "private", access_due_at: null, opened_at: null })
      .execute();
  throw new UploadError("provider_unsupported", "The store lets no file be public.");
}

function attempt({ db }: StorageContext, { fileId, version, direction }: AccessChange) {
  return db
    .updateTable("file_storage")
    .where("id", "=", fileId)
    .where("access_version", "=", version)
    .where("store_access", "=", direction);
}
