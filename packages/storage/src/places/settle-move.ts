import { type RawBuilder, sql, type UpdateObject } from "kysely";
import { copyBackOff } from "../backup/copy-back-off.ts";
import { CopyFailure } from "../backup/copy-failure.ts";
import type { Database } from "../database.ts";
import { STORED_STATES } from "../files/stored-states.ts";
import type { StorageContext } from "../storage-context.ts";
import { type ClaimedMove, MOVE_LEASE_MS } from "./claim-move.ts";

type Context = Pick<StorageContext, "db" | "clock">;
type Change = UpdateObject<Database, "file_moves">;

/** The lease goes on, for as long as nobody is to hear of us. @throws {CopyFailure} `too_late` */
export function renewMove(
  context: Context,
  move: ClaimedMove,
  { silentMs, hasMoved }: { silentMs: number; hasMoved: boolean },
): Promise<void> {
  // What gets on is not what fails.
  const attempts = hasMoved ? { attempts: 1 } : {};
  return write(context, move, { due_at: context.clock.in(MOVE_LEASE_MS + silentMs), ...attempts });
}

/** @throws {CopyFailure} `too_late` */
export function noteMoveUpload(context: Context, move: ClaimedMove, uploadId: string | null): Promise<void> {
  return write(context, move, { upload_id: uploadId });
}

export type HandOver = "handed-over" | "not-now" | "no-longer";

/**
 * The copy is there and proved: the file's row names it from now on, in one transaction with the move's.
 *
 * `not-now`: the store is being told who may read it, or somebody else is at the move. `no-longer`: there is no such file there any more.
 *
 * @param copy.publicUrl Of a file that anyone may read, at the new bucket, which has opened it.
 */
export async function handOver(
  { db, clock }: Context,
  move: ClaimedMove,
  copy: { etag: string; publicUrl: string | null; keepOldMs: number },
): Promise<HandOver> {
  const { fileId, fromId, toId, key, kind } = move;
  const isPublic = copy.publicUrl !== null;
  return db.transaction().execute(async (trx) => {
    // The file before its move, as whoever deletes it.
    const file = await trx
      .selectFrom("file_storage")
      .select(["access_due_at", "store_access", "access_level", "status", "archived_from"])
      .where("id", "=", fileId)
      .where("storage_provider_id", "=", fromId)
      .where("storage_path", "=", key)
      .forUpdate()
      .executeTakeFirst();
    if (file === undefined || !mayGo(kind, file)) return "no-longer";
    if (file.access_due_at !== null || (file.store_access === "public") !== isPublic) return "not-now";
    const { numUpdatedRows } = await trx
      .updateTable("file_moves")
      .set({
        state: "moved",
        etag: copy.etag,
        was_public: isPublic,
        moved_at: clock.now(),
        due_at: clock.in(copy.keepOldMs),
        lease_token: null,
        upload_id: null,
        attempts: 0,
      })
      .where(isOurs(move))
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return "not-now";
    await trx
      .updateTable("file_storage")
      .set({
        storage_provider_id: toId,
        etag: copy.etag,
        // An attempt to open or close the old object can no longer say how it ended.
        access_version: sql<number>`access_version + 1`,
        ...(isPublic ? { cdn_url: copy.publicUrl } : {}),
        ...(kind === "archive"
          ? { status: "archived", archived_from: file.status, archived_at: clock.now() }
          : {}),
        ...(kind === "recall"
          ? { status: file.archived_from ?? "stored", archived_from: null, archived_at: null }
          : {}),
      })
      .where("id", "=", fileId)
      .execute();
    return "handed-over";
  });
}

/** Nobody who may read it is to stand before a file that went cold, so what was made public meanwhile stays. */
function mayGo(kind: ClaimedMove["kind"], file: { status: string; access_level: string }): boolean {
  switch (kind) {
    case "move":
      return (STORED_STATES as readonly string[]).includes(file.status);
    case "archive":
      return (file.status === "stored" || file.status === "processed") && file.access_level !== "public";
    case "recall":
      return file.status === "recalling";
    default:
      return kind satisfies never;
  }
}

/** `cleared` or `dropped`: nothing is left to do. Silent where somebody else is at it. */
export async function endMove(
  context: Context,
  move: ClaimedMove,
  state: "cleared" | "dropped",
): Promise<void> {
  const end = { state, due_at: null, lease_token: null, upload_id: null, attempts: 0 } as const;
  await write(context, move, end).catch(unlessTooLate);
}

/** The file is on its way out, or stays where it is: what there is of its copy goes. */
export async function dropMove({ clock, ...context }: Context, move: ClaimedMove): Promise<void> {
  await write({ clock, ...context }, move, {
    state: "dropping",
    due_at: clock.now(),
    lease_token: null,
    attempts: 0,
  }).catch(unlessTooLate);
}

/** It is tried again, later. Silent where somebody else is at it. */
export async function putOffMove(
  context: Context,
  move: ClaimedMove,
  failure: { code: string; message: string; leastWaitMs?: number },
): Promise<void> {
  const { code, message, leastWaitMs } = failure;
  await write(context, move, {
    ...(move.work === "copy" ? { state: "failed" } : {}),
    due_at: context.clock.in(copyBackOff(code, move.attempts, leastWaitMs)),
    lease_token: null,
    error_code: code,
    error_message: message.slice(0, 300),
  }).catch(unlessTooLate);
}

/** Cut off in the middle: somebody else's at once, and no attempt. */
export async function letMoveGo({ clock, ...context }: Context, move: ClaimedMove): Promise<void> {
  await write({ clock, ...context }, move, {
    due_at: clock.now(),
    lease_token: null,
    attempts: move.attempts - 1,
  }).catch(unlessTooLate);
}

async function write({ db }: Context, move: ClaimedMove, change: Change): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable("file_moves")
    .set(change)
    .where(isOurs(move))
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw new CopyFailure("too_late", "Somebody else is at it.");
}

function unlessTooLate(error: unknown): void {
  if (!(error instanceof CopyFailure && error.code === "too_late")) throw error;
}

function isOurs({ id, token }: ClaimedMove): RawBuilder<boolean> {
  return sql`(id = ${id} AND lease_token = ${token})`;
}
