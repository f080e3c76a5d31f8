import { UploadError } from "@audiotricks/protocol";
import type { Alert } from "@audiotricks/protocol/costs";
import { type Kysely, sql } from "kysely";
import { type Operator, recordOperator } from "../audit/operator-audit.ts";
import type { Database } from "../database.ts";
import { toAlert } from "./list-alerts.ts";

/**
 * Says that a person has seen it. Safe to repeat: whoever was first stays named, and what is over stays as it is.
 *
 * @param who A user's id, or `cli:USER@HOST`.
 * @throws {UploadError} `alert_not_found`
 */
export async function acknowledgeAlert(
  db: Kysely<Database>,
  id: string,
  who: string,
  by?: Operator,
): Promise<Alert> {
  return await db.transaction().execute(async (trx) => {
    const changed = await trx
      .updateTable("alerts")
      .set({ state: "acknowledged", acknowledged_at: sql<Date>`now()`, acknowledged_by: who })
      .where("id", "=", id)
      .where("state", "=", "open")
      .returningAll()
      .executeTakeFirst();
    const row =
      changed ?? (await trx.selectFrom("alerts").selectAll().where("id", "=", id).executeTakeFirst());
    if (row === undefined) throw new UploadError("alert_not_found", "There is no such alert.");
    await recordOperator(trx, by, { action: "acknowledgeAlert", resourceId: id, outcome: "done" });
    return toAlert(row);
  });
}
