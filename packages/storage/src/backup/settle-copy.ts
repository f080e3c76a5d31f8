import { type RawBuilder, sql, type UpdateObject } from "kysely";
import { STORE_AWAY_MS } from "../checks/away-stores.ts";
import type { Database } from "../database.ts";
import type { StorageContext } from "../storage-context.ts";
import { type ClaimedCopy, COPY_LEASE_MS } from "./claim-copy.ts";
import { copyBackOff } from "./copy-back-off.ts";
import { CopyFailure } from "./copy-failure.ts";

type Context = Pick<StorageContext, "db" | "clock">;
type Change = UpdateObject<Database, "file_backups">;

/** The lease goes on, for as long as nobody is to hear of us. @throws {CopyFailure} `too_late` */
export function renewCopy(
  context: Context,
  copy: ClaimedCopy,
  { silentMs, hasMoved }: { silentMs: number; hasMoved: boolean },
): Promise<void> {
  // What gets on is not what fails.
  const attempts = hasMoved ? { attempts: 1 } : {};
  return write(context, copy, { due_at: context.clock.in(COPY_LEASE_MS + silentMs), ...attempts });
}

/** @throws {CopyFailure} `too_late` */
export function noteUpload(context: Context, copy: ClaimedCopy, uploadId: string | null): Promise<void> {
  return write(context, copy, { upload_id: uploadId });
}

/** It is there, and proved. @throws {CopyFailure} `too_late` */
export function settleCopy(context: Context, copy: ClaimedCopy, etag: string): Promise<void> {
  return write(context, copy, {
    state: "copied",
    etag,
    copied_at: context.clock.now(),
    due_at: null,
    lease_token: null,
    upload_id: null,
    attempts: 0,
  });
}

/** It is tried again, later. Silent where somebody else is at it. */
export async function putOffCopy(
  context: Context,
  copy: ClaimedCopy,
  failure: { code: string; message: string; leastWaitMs?: number },
): Promise<void> {
  const { code, message, leastWaitMs } = failure;
  const { clock } = context;
  await write(context, copy, {
    state: "failed",
    due_at: clock.in(copyBackOff(code, copy.attempts, leastWaitMs)),
    lease_token: null,
    error_code: code,
    error_message: message.slice(0, 300),
  }).catch(unlessTooLate);
}

/** Cut off in the middle: somebody else's at once, and no attempt. */
export async function letCopyGo({ clock, ...context }: Context, copy: ClaimedCopy): Promise<void> {
  await write({ clock, ...context }, copy, {
    state: "pending",
    due_at: clock.now(),
    lease_token: null,
    attempts: copy.attempts - 1,
  }).catch(unlessTooLate);
}

/** Nobody tries while the file's own bucket is away, and that is no attempt. */
export async function letCopyWait({ clock, ...context }: Context, copy: ClaimedCopy): Promise<void> {
  await write({ clock, ...context }, copy, {
    state: "pending",
    due_at: clock.in(STORE_AWAY_MS * (1 + Math.random())),
    lease_token: null,
    attempts: copy.attempts - 1,
  }).catch(unlessTooLate);
}

/** The file is on its way out: what there is of its copy goes as well. */
export async function dropCopy({ clock, ...context }: Context, copy: ClaimedCopy): Promise<void> {
  await write({ clock, ...context }, copy, {
    state: "removing",
    deleted_at: clock.now(),
    due_at: clock.now(),
    lease_token: null,
    attempts: 0,
  }).catch(unlessTooLate);
}

async function write({ db }: Context, copy: ClaimedCopy, change: Change): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable("file_backups")
    .set(change)
    .where(isOurs(copy))
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw new CopyFailure("too_late", "Somebody else is at it.");
}

function unlessTooLate(error: unknown): void {
  if (!(error instanceof CopyFailure && error.code === "too_late")) throw error;
}

function isOurs({ fileId, backupId, token }: ClaimedCopy): RawBuilder<boolean> {
  return sql`(file_storage_id = ${fileId} AND backup_provider_id = ${backupId} AND state = 'copying' AND lease_token = ${token})`;
}
