import type { Kysely } from "kysely";
import { recordServer } from "../audit/operator-audit.ts";
import type { Database } from "../database.ts";

/**
 * `off`: files that are stored from now on are scanned by nobody. `after`: they are given out while they wait for it. `before`: they are
 * not, until their scan is over. What is stored already stays as it is.
 */
export type ScanPolicy = "off" | "after" | "before";

/** As the server has it that started last. */
export async function readScanPolicy(db: Kysely<Database>): Promise<ScanPolicy> {
  const row = await db.selectFrom("storage_settings").select("scan_policy").executeTakeFirstOrThrow();
  // By a CHECK of the table.
  return row.scan_policy as ScanPolicy;
}

/**
 * For all servers on this database. A change is in the audit log.
 *
 * @param server Who says so, in the audit log: no more than a name.
 * @returns What it was, if it was another.
 */
export async function setScanPolicy(
  db: Kysely<Database>,
  policy: ScanPolicy,
  server = "server",
): Promise<ScanPolicy | undefined> {
  if ((await readScanPolicy(db)) === policy) return undefined;
  return await db.transaction().execute(async (trx) => {
    const { scan_policy: before } = await trx
      .selectFrom("storage_settings")
      .select("scan_policy")
      .forUpdate()
      .executeTakeFirstOrThrow();
    if (before === policy) return undefined;
    await trx.updateTable("storage_settings").set({ scan_policy: policy }).execute();
    await recordServer(trx, server, { action: "setScanPolicy", change: { before, after: policy } });
    return before as ScanPolicy;
  });
}
