import { sql } from "kysely";
import type { OperationsLogReport } from "../storage.ts";
import type { StorageContext } from "../storage-context.ts";

/**
 * Makes the coming months of the operations log and of the audit log, and drops those that are too old. Both lock the log for an instant;
 * behind a long query they give up soon, for whoever writes to the log queues behind them.
 *
 * @throws The database's error `lock_not_available` (55P03) if the log was busy: try again later.
 */
export async function keepOperations({ db, settings }: StorageContext): Promise<OperationsLogReport> {
  return db.transaction().execute(async (trx) => {
    await sql`SET LOCAL lock_timeout = '2s'`.execute(trx);
    const { rows } = await sql<OperationsLogReport>`
      SELECT ensure_spaces_operations_partitions() + ensure_audit_partitions() AS "monthsMade",
        drop_old_spaces_operations(make_interval(months => ${settings.operationsKeptMonths}::integer))
          + drop_old_audit(make_interval(months => ${settings.auditKeptMonths}::integer)) AS "monthsDropped"`.execute(
      trx,
    );
    return rows[0] ?? { monthsMade: 0, monthsDropped: 0 };
  });
}
