import type { Database } from "@audiotricks/storage";
import { type Kysely, sql } from "kysely";
import type { Logger } from "./logger.ts";

const TWICE_A_DAY_MS = 12 * 3600 * 1000;

/**
 * Keeps the partitions of the operations log: the next months are there before they begin, those older than 13 months
 * go. Any number of servers may do it.
 *
 * @returns Stops it.
 */
export async function keepOperationsMonths(db: Kysely<Database>, log: Logger): Promise<() => void> {
  const keep = async (): Promise<void> => {
    await sql`SELECT ensure_spaces_operations_partitions()`.execute(db);
    await sql`SELECT drop_old_spaces_operations()`.execute(db);
  };
  await keep();
  const timer = setInterval(() => {
    keep().catch((err: unknown) => log.error({ err }, "could not keep the months of the operations log"));
  }, TWICE_A_DAY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
