import { loadMigratedPglite } from "@audiotricks/testing/migrated-pglite";
import { PGlite } from "@electric-sql/pglite";
import { PreparedStatements } from "../database/prepared-statements.ts";
import { DATABASE, runAs } from "../world/actor.ts";
import { randomOf } from "../world/random.ts";

/** Our sizes and counts stay below 2^53. */
const INT8 = 20;

/** One migrated PGlite for many runs. */
export interface SharedDatabase extends AsyncDisposable {
  pglite: PGlite;
  statements: PreparedStatements;
  /** Empties every table of ours; nothing of the run before is left, not even where on a page a row was. */
  reset(): Promise<void>;
}

const TABLES = [
  "users",
  "workspaces",
  "workspace_members",
  "audit_logs",
  "audio_history",
  "audio_uploads",
  "storage_providers",
  "file_storage",
  "multipart_uploads",
  "upload_chunks",
  "storage_quotas",
  "storage_counters",
  "spaces_operations_default",
  "s3_tokens",
  "storage_usage",
];

/** PostgreSQL's own generator cannot be wound back, so that ids would differ from run to run. */
const PREPARATION = `
  SET plan_cache_mode = force_generic_plan;
  CREATE SEQUENCE simulated_ids;
  CREATE FUNCTION public.gen_random_uuid() RETURNS uuid LANGUAGE sql VOLATILE AS
    $$ SELECT pg_catalog.md5('simulated ' || nextval('simulated_ids'))::uuid $$;
  SET search_path = public, pg_catalog`;

/** @param defect SQL to run after the migrations. */
export async function openSharedDatabase(defect?: string): Promise<SharedDatabase> {
  const pglite = await PGlite.create({
    parsers: { [INT8]: Number },
    loadDataDir: await loadMigratedPglite(),
  });
  await pglite.exec(PREPARATION);
  if (defect !== undefined) await pglite.exec(defect);
  return {
    pglite,
    statements: new PreparedStatements(pglite),
    reset: async () => {
      const emptying = `ROLLBACK; ALTER SEQUENCE simulated_ids RESTART; TRUNCATE ${TABLES.join(", ")} CASCADE`;
      await runAs({ actor: DATABASE, random: randomOf("reset") }, () => pglite.exec(emptying));
    },
    [Symbol.asyncDispose]: () => pglite.close(),
  };
}
