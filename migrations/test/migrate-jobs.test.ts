import { createEmptyDatabase, createEmptyPglite, type PgliteDatabase } from "@audiotricks/testing/database";
import { type Kysely, sql } from "kysely";
import { getRollbackPlans, PgBoss } from "pg-boss";
import { describe, expect, it } from "vitest";
import { JOBS_SCHEMA, migrateJobs } from "../src/index.ts";
import { splitStatements } from "../src/split-statements.ts";
import { rowsOf } from "./reserve.ts";

const EMPTY: { engine: string; open: () => Promise<PgliteDatabase<unknown>> }[] = [
  { engine: "PostgreSQL", open: () => createEmptyDatabase<unknown>() },
  { engine: "PGlite", open: () => createEmptyPglite<unknown>() },
];

describe.each(EMPTY)("the schema of the job queue on $engine", ({ open }) => {
  it("is made once, however many begin, and is what pg-boss wants", async () => {
    await using database = await open();
    const { db } = database;
    const states = await Promise.all([1, 2, 3, 4].map(() => migrateJobs(db)));
    expect(states).toEqual(states.map(() => ({ state: "ready" })));
    expect(await drift(db)).toMatchObject({ ok: true });
  });

  it("is brought up from an older one", async () => {
    await using database = await open();
    const { db } = database;
    await migrateJobs(db);
    for (const statement of splitStatements(getRollbackPlans(JOBS_SCHEMA))) {
      if (!/^(?:BEGIN|COMMIT)$/i.test(statement)) await sql.raw(statement).execute(db);
    }
    const [before] = await rowsOf(db, sql<{ version: number }>`SELECT version FROM storage_jobs.version`);
    expect(await migrateJobs(db)).toEqual({ state: "ready" });
    const [after] = await rowsOf(db, sql<{ version: number }>`SELECT version FROM storage_jobs.version`);
    expect(after?.version).toBe((before?.version ?? 0) + 1);
    expect(await drift(db)).toMatchObject({ ok: true });
  });

  it("is left alone when a newer release has been here", async () => {
    await using database = await open();
    const { db } = database;
    await migrateJobs(db);
    await sql`UPDATE storage_jobs.version SET version = 9999`.execute(db);
    expect(await migrateJobs(db)).toEqual({ state: "newer", version: 9999 });
  });
});

/** pg-boss's own word on whether all that it needs is there. */
async function drift(db: Kysely<unknown>): Promise<unknown> {
  const executeSql = async (text: string, values: unknown[] = []) => {
    const parameters = values.map((value) => sql`${value}`);
    const fragments = text.split(/\$\d+/);
    return sql(fragments as unknown as TemplateStringsArray, ...parameters).execute(db);
  };
  const boss = new PgBoss({ db: { executeSql }, schema: JOBS_SCHEMA, migrate: false });
  return boss.detectSchemaDrift();
}
