import { type Kysely, sql } from "kysely";

/**
 * Names of the migrations that a newer release has applied: those that come after `last`, the last one known here. What lies
 * between known ones belongs to no release of ours, and is not among them.
 */
export async function findNewerMigrations<Database>(db: Kysely<Database>, last: string): Promise<string[]> {
  const { rows: found } = await sql<{ exists: boolean }>`
    SELECT to_regclass('kysely_migration') IS NOT NULL AS exists`.execute(db);
  if (found[0]?.exists !== true) return [];
  // As Kysely sorts names, whatever the database's own order of letters.
  const { rows } = await sql<{ name: string }>`
    SELECT name FROM kysely_migration WHERE name COLLATE "C" > ${last} ORDER BY name COLLATE "C"`.execute(db);
  return rows.map(({ name }) => name);
}
