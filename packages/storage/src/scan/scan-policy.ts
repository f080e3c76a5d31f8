import type { Kysely } from "kysely";
import type { Database } from "../database.ts";

/**
 * `off`: files that are stored from now on are scanned by nobody. `after`: they are given out while they wait for it. `before`: they are
 * not, until their scan is over. What is stored already stays as it is.
 */
export type ScanPolicy = "off" | "after" | "before";

/** For all servers on this database. */
export async function setScanPolicy(db: Kysely<Database>, policy: ScanPolicy): Promise<void> {
  await db
    .updateTable("storage_settings")
    .set({ scan_policy: policy })
    .where("scan_policy", "<>", policy)
    .execute();
}
