import { type Kysely, sql } from "kysely";
import type { Database } from "../database.ts";

/** Whether new uploads go to another bucket than the primary one now, because that does not answer. */
export async function isStoodInFor(db: Kysely<Database>): Promise<boolean> {
  const { rows } = await sql<{ isElsewhere: boolean }>`
    SELECT place_upload(NULL, NULL) IS DISTINCT FROM p.id AS "isElsewhere"
    FROM storage_providers p WHERE p.is_primary AND p.is_active`.execute(db);
  return rows[0]?.isElsewhere === true;
}
