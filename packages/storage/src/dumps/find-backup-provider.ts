import type { Kysely } from "kysely";
import type { Database } from "../database.ts";

/**
 * The provider whose bucket dumps go to: of those that are for backups and in use, the one that has copies of the primary's files, else
 * the oldest. `undefined` where there is none.
 */
export async function findBackupProvider(db: Kysely<Database>): Promise<string | undefined> {
  const row = await db
    .selectFrom("storage_providers as p")
    .select("p.id")
    .where("p.purpose", "=", "backup")
    .where("p.is_active", "=", true)
    .orderBy(
      (eb) =>
        eb.exists(
          eb
            .selectFrom("storage_backups as b")
            .innerJoin("storage_providers as f", "f.id", "b.storage_provider_id")
            .select("f.id")
            .whereRef("b.backup_provider_id", "=", "p.id")
            .where("f.is_primary", "=", true),
        ),
      "desc",
    )
    .orderBy("p.created_at")
    .orderBy("p.id")
    .limit(1)
    .executeTakeFirst();
  return row?.id;
}
