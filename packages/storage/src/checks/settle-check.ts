import { type RawBuilder, type Selectable, sql, type Transaction, type UpdateObject } from "kysely";
import { beginAgain } from "../begin-again.ts";
import type { Database } from "../database.ts";
import type { FileStorage } from "../database-schema.ts";
import { STORED_STATES } from "../files/stored-states.ts";
import type { StorageContext } from "../storage-context.ts";
import { STORE_AWAY_MS } from "./away-stores.ts";
import type { ClaimedCheck } from "./claim-check.ts";

type Row = Selectable<FileStorage>;
type Change = UpdateObject<Database, "file_storage">;

/** Of attempts that fail, each waits twice as long as the one before, up to this. */
const LONGEST_WAIT_MS = 600_000;
const FIRST_WAIT_MS = 2_000;
const MAX_WHY = 300;

/**
 * Writes down what was found, and that nobody has to look any more; the file's row first, as everywhere. Where the check is no longer
 * ours, or the file no longer there, nothing is changed: somebody has said more since.
 *
 * @param found What becomes of the row, given how it is now.
 * @returns The row as it is now, or `undefined` where it was too late.
 */
export function settleCheck(
  { db }: Pick<StorageContext, "db">,
  check: ClaimedCheck,
  found: (row: Row) => Change,
  andThen: (trx: Transaction<Database>, row: Row) => Promise<void> = () => Promise.resolve(),
): Promise<Row | undefined> {
  return beginAgain(() =>
    db.transaction().execute(async (trx) => {
      const row = await trx
        .selectFrom("file_storage")
        .selectAll()
        .where("id", "=", check.fileId)
        .forUpdate()
        .executeTakeFirst();
      const { numDeletedRows } = await trx.deleteFrom("file_checks").where(isOurs(check)).executeTakeFirst();
      if (row === undefined || numDeletedRows === 0n) return undefined;
      if (!(STORED_STATES as readonly string[]).includes(row.status)) return undefined;
      const changed = await trx
        .updateTable("file_storage")
        .set(found(row))
        .where("id", "=", check.fileId)
        .returningAll()
        .executeTakeFirstOrThrow();
      await andThen(trx, changed);
      return changed;
    }),
  );
}

/** Nobody has to look into a file that is on its way out. @returns Whether it is. */
export async function dropIfGone({ db }: Pick<StorageContext, "db">, check: ClaimedCheck): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom("file_checks")
    .where(isOurs(check))
    .where(
      sql<boolean>`NOT EXISTS (SELECT FROM file_storage f WHERE f.id = file_storage_id AND is_counted_file(f.status))`,
    )
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** After what has not failed yet. */
const AFTER_OTHERS = sql<number>`urgency | 1`;

/** It is looked into again, later. */
export async function putOffCheck(
  { db, clock }: Pick<StorageContext, "db" | "clock">,
  check: ClaimedCheck,
  why: string,
): Promise<void> {
  const waitMs = Math.min(FIRST_WAIT_MS * 2 ** (check.attempts - 1), LONGEST_WAIT_MS);
  await db
    .updateTable("file_checks")
    .where(isOurs(check))
    // Apart by chance, so that what failed together does not come again together.
    .set({
      due_at: clock.in(waitMs * (0.75 + Math.random() / 2)),
      lease_token: null,
      last_error: why.slice(0, MAX_WHY),
      urgency: AFTER_OTHERS,
    })
    .execute();
}

/** Nothing of it was looked at, since its store is away, or what would look is: that is no attempt. */
export async function waitUntried(
  { db, clock }: Pick<StorageContext, "db" | "clock">,
  check: ClaimedCheck,
  why: string,
): Promise<void> {
  await db
    .updateTable("file_checks")
    .where(isOurs(check))
    .set({
      due_at: clock.in(STORE_AWAY_MS * (1 + Math.random())),
      lease_token: null,
      attempts: check.attempts - 1,
      last_error: why.slice(0, MAX_WHY),
      urgency: AFTER_OTHERS,
    })
    .execute();
}

/** Cut off before anything was found out: somebody else's at once, and no attempt. */
export async function letCheckGo(
  { db, clock }: Pick<StorageContext, "db" | "clock">,
  check: ClaimedCheck,
): Promise<void> {
  await db
    .updateTable("file_checks")
    .where(isOurs(check))
    .set({ due_at: clock.now(), lease_token: null, attempts: check.attempts - 1 })
    .execute();
}

function isOurs({ fileId, kind, token }: ClaimedCheck): RawBuilder<boolean> {
  return sql`(file_storage_id = ${fileId} AND kind = ${kind} AND lease_token = ${token})`;
}
