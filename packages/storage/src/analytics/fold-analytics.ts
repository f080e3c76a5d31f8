import { type Kysely, sql } from "kysely";
import type { Database } from "../database.ts";

/** Few enough for a moment, many enough that uploads do not outrun it. */
const ROWS = 10_000;

/**
 * Adds what is queued to the sums that the views and the operators' API read. They are right before and after; they are read
 * faster after. One caller at a time does, and no other waits for it.
 *
 * @returns Whether there may be more.
 */
export async function foldAnalytics(db: Kysely<Database>): Promise<boolean> {
  const { rows } = await sql<{ folded: number }>`SELECT fold_analytics(${ROWS}::integer) AS folded`.execute(
    db,
  );
  return (rows[0]?.folded ?? 0) >= ROWS;
}

/** Compares the sums with all rows. @returns How many were wrong: rows were changed behind the triggers. */
export async function mendTotals(db: Kysely<Database>): Promise<number> {
  const { rows } = await sql<{ mended: number }>`SELECT mend_file_totals() AS mended`.execute(db);
  return rows[0]?.mended ?? 0;
}
