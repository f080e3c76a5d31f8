import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { loadMigratedPglite } from "@audiotricks/testing/migrated-pglite";
import { PGlite } from "@electric-sql/pglite";
import { PreparedStatements } from "../database/prepared-statements.ts";
import { DATABASE, runAs } from "../world/actor.ts";
import { randomOf } from "../world/random.ts";
import { takeOver } from "../world/take-over-process.ts";

/** Our sizes and counts stay below 2^53. */
const INT8 = 20;

/** One migrated PGlite for many runs. */
export interface SharedDatabase extends AsyncDisposable {
  pglite: PGlite;
  statements: PreparedStatements;
  /** Empties every table of ours; nothing of the run before is left, not even where on a page a row was. */
  reset(): Promise<void>;
}

/**
 * All but settings, which migrations were applied, and the audit log, which cannot be emptied and is written to by none of what runs
 * here; partitions are emptied with what they are part of.
 */
const TABLES = `
  SELECT string_agg(quote_ident(c.relname), ', ') AS names FROM pg_class c
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND c.relname NOT IN ('storage_settings', 'storage_audit') AND c.relname NOT LIKE 'kysely_%'`;

/**
 * PostgreSQL's own generator cannot be wound back, so that ids would differ from run to run. Its log is for crashes and its
 * statistics for vacuums, neither of which there are here: each took a tenth of a small statement's time.
 *
 * Weeks pass here between two sweeps, so only a longer gap is one; each restore is longer after its backup.
 */
const PREPARATION = `
  SET plan_cache_mode = force_generic_plan;
  SET synchronous_commit = off;
  SET track_counts = off;
  UPDATE storage_settings SET expiry_gap_seconds = ${9 * 86_400};
  CREATE SEQUENCE simulated_ids;
  CREATE FUNCTION public.gen_random_uuid() RETURNS uuid LANGUAGE sql VOLATILE AS
    $$ SELECT pg_catalog.md5('simulated ' || nextval('simulated_ids'))::uuid $$;
  SET search_path = public, pg_catalog`;

/** @param defect SQL to run after the migrations. */
export async function openSharedDatabase(defect?: string): Promise<SharedDatabase> {
  await makeDataDirectory();
  // PGlite's alarms are timers too, and one that is set on the machine's clock goes off in the middle of somebody's statement.
  takeOver();
  const loadDataDir = await loadMigratedPglite();
  const pglite = await asDatabase(() => PGlite.create({ parsers: { [INT8]: Number }, loadDataDir }));
  const [{ names } = { names: "" }] = await asDatabase(async () => {
    await pglite.exec(PREPARATION);
    if (defect !== undefined) await pglite.exec(defect);
    return (await pglite.query<{ names: string }>(TABLES)).rows;
  });
  return {
    pglite,
    statements: new PreparedStatements(pglite),
    reset: async () => {
      // The role under which no trigger refuses it.
      const emptying = `ROLLBACK; ALTER SEQUENCE simulated_ids RESTART; SET session_replication_role = replica;
        TRUNCATE ${names} RESTART IDENTITY CASCADE; RESET session_replication_role`;
      await asDatabase(() => pglite.exec(emptying));
    },
    [Symbol.asyncDispose]: () => pglite.close(),
  };
}

/** What PGlite does is nobody else's doing: it sets alarms by the machine's clock, more of them the longer the machine is up. */
export function asDatabase<T>(run: () => Promise<T>): Promise<T> {
  return runAs({ actor: DATABASE, random: randomOf("reset") }, run);
}

/** In a process of its own, where it is not there yet: after another PGlite in this one, the first life differs from the same one later. */
async function makeDataDirectory(): Promise<void> {
  const loader = import.meta.resolve("@audiotricks/testing/migrated-pglite");
  const script = `const { loadMigratedPglite } = await import(${JSON.stringify(loader)}); await loadMigratedPglite();`;
  await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
}
