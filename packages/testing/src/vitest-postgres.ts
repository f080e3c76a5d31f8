import { createTemplate } from "./database.ts";
import { startPostgres } from "./postgres.ts";

/** Vitest's global setup: one PostgreSQL for the run, with the migrated template in it. */
export default async function setup(): Promise<() => Promise<void>> {
  const postgres = await startPostgres();
  process.env["TEST_POSTGRES_URL"] = postgres.url;
  try {
    await createTemplate(postgres.url);
  } catch (error) {
    await postgres.stop();
    throw error;
  }
  return () => postgres.stop();
}
