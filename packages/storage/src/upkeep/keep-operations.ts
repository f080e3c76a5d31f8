import { sql } from "kysely";
import type { OperationsLogReport } from "../storage.ts";
import type { StorageContext } from "../storage-context.ts";
import { dropOldRows } from "./drop-old-rows.ts";

const ENDED_LINKS_KEPT_MS = 30 * 86_400_000;

/**
 * Makes the coming months of the operations log and of the audit log, and drops those that are too old, share links and rows of what is long over among them. Both lock the log for an instant;
 * behind a long query they give up soon, for whoever writes to the log queues behind them.
 *
 * @throws The database's error `lock_not_available` (55P03) if the log was busy: try again later.
 */
export async function keepOperations(context: StorageContext): Promise<OperationsLogReport> {
  const { db, settings, clock } = context;
  await db.deleteFrom("share_links").where("expires_at", "<=", clock.in(-ENDED_LINKS_KEPT_MS)).execute();
  await sql`SELECT drop_old_analytics(make_interval(months => ${settings.operationsKeptMonths}::integer))`.execute(
    db,
  );
  const rowsDropped = await dropOldRows(context);
  const months = await db.transaction().execute(async (trx) => {
    await sql`SET LOCAL lock_timeout = '2s'`.execute(trx);
    const { rows } = await sql<Omit<OperationsLogReport, "rowsDropped">>`
      SELECT ensure_spaces_operations_partitions() + ensure_audit_partitions() AS "monthsMade",
        drop_old_spaces_operations(make_interval(months => ${settings.operationsKeptMonths}::integer))
          + drop_old_audit(make_interval(months => ${settings.auditKeptMonths}::integer)) AS "monthsDropped"`.execute(
      trx,
    );
    return rows[0] ?? { monthsMade: 0, monthsDropped: 0 };
  });
  return { ...months, rowsDropped };
}
