import { type Kysely, sql, type Transaction } from "kysely";
import { type Operator, recordOperator } from "../audit/operator-audit.ts";
import { beginAgain } from "../begin-again.ts";
import type { Database } from "../database.ts";
import { OperatorError } from "../operator/operator-error.ts";

/**
 * Lets a file go that is held back: it is what it was before, and is given out again. A scan under way changes nothing of that any more.
 *
 * @throws {OperatorError} `file_not_found`, or `file_not_held` for one that is not held back, such as one that was let go already.
 */
export function releaseHeldBack(db: Kysely<Database>, fileId: string, by?: Operator): Promise<void> {
  return decide(db, fileId, "file_released", by, async (trx) => {
    const { rows } = await sql<{ done: boolean }>`SELECT release_file(${fileId}) AS done`.execute(trx);
    return rows[0]?.done === true;
  });
}

/**
 * Deletes a file that is held back: from the quota at once; the object is the next sweep's.
 *
 * @throws {OperatorError} As `releaseHeldBack`.
 */
export function deleteHeldBack(db: Kysely<Database>, fileId: string, by?: Operator): Promise<void> {
  return decide(db, fileId, "file_deleted", by, async (trx) => {
    const { numUpdatedRows } = await trx
      .updateTable("file_storage")
      .set({ status: "deleting", cdn_url: null })
      .where("id", "=", fileId)
      .where(sql<boolean>`is_counted_file(status) AND (status = 'quarantined' OR scan_state = 'held')`)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  });
}

function decide(
  db: Kysely<Database>,
  fileId: string,
  action: "file_released" | "file_deleted",
  by: Operator | undefined,
  change: (trx: Transaction<Database>) => Promise<boolean>,
): Promise<void> {
  return beginAgain(() =>
    db.transaction().execute(async (trx) => {
      const row = await trx
        .selectFrom("file_storage")
        .select(["status", "storage_path", "scan_state", "scan_verdict"])
        .where("id", "=", fileId)
        .forUpdate()
        .executeTakeFirst();
      if (row === undefined || ["deleted", "failed"].includes(row.status))
        throw new OperatorError("file_not_found", "There is no such file.");
      if (!(await change(trx)))
        throw new OperatorError("file_not_held", `The file is not held back: it is ${row.status}.`);
      const { storage_path: key, scan_state: scan, scan_verdict: verdict } = row;
      await trx
        .insertInto("audit_logs")
        .values({
          user_id: null,
          action,
          resource: "file_storage",
          resource_id: fileId,
          category: "storage",
          details: JSON.stringify({ by: "operator", key, scan, verdict }),
        })
        .execute();
      await recordOperator(trx, by, {
        action: action === "file_released" ? "releaseFile" : "deleteHeldFile",
        resourceId: fileId,
        outcome: "done",
        change: { before: { status: row.status, scan, verdict } },
      });
    }),
  );
}
