import { createPgliteDatabase, createTestDatabase } from "@audiotricks/testing/database";
import { seedProvider, seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import fc from "fast-check";
import { type Kysely, sql } from "kysely";
import { describe, expect, it } from "vitest";
import { dashboard, plainDashboard, plainWorkspaces, workspaceUsage } from "./plain-views.ts";
import { reserve, rowsOf, startUpload, storeFile } from "./reserve.ts";

const KINDS = ["audio_file", "export_file", "document"] as const;
const TYPES = ["upload", "download", "delete", "copy", "list", "head"] as const;

/** One thing that may happen; whatever the state forbids is refused by the database and changes nothing. */
type Step =
  | { do: "upload"; user: number; workspace: number | null; kind: (typeof KINDS)[number]; size: number }
  | { do: "file"; pick: number; to: string; agoMinutes: number }
  | { do: "session"; pick: number; to: string }
  | { do: "move"; pick: number; workspace: number | null; provider: number }
  | { do: "access"; picks: number[]; agoMinutes: number }
  | { do: "calls"; calls: Call[] }
  | { do: "drop"; what: "users" | "workspaces"; index: number }
  | { do: "forget"; pick: number }
  | { do: "roll back"; pick: number }
  | { do: "fold"; rows: number }
  | { do: "drop months" }
  | { do: "mend" };
interface Call {
  pick: number;
  type: (typeof TYPES)[number];
  ms: number | null;
  success: boolean | null;
  isOfClient: boolean;
  provider: number | null;
  agoDays: number;
}

const pick = fc.nat({ max: 30 });
const one = <T>(...values: T[]) => fc.constantFrom(...values);
const record = <K extends Step["do"]>(kind: K, rest: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record({ do: fc.constant(kind), ...rest }) as unknown as fc.Arbitrary<Extract<Step, { do: K }>>;
const workspace = fc.option(fc.nat({ max: 1 }));
const agoMinutes = one(0, 1, 1435, 1440, 1441, 1499, 5000, -3);
const call: fc.Arbitrary<Call> = fc.record({
  pick,
  type: one(...TYPES),
  ms: fc.option(fc.oneof(fc.nat({ max: 3000 }), one(2 ** 31 - 1))),
  success: one(true, true, false, null),
  isOfClient: one(false, false, true),
  provider: fc.option(fc.nat({ max: 1 })),
  agoDays: one(0, 0, 0, 40, 500),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: record("upload", {
      user: fc.nat({ max: 2 }),
      workspace,
      kind: one(...KINDS),
      size: fc.integer({ min: 1, max: 900 }),
    }),
  },
  {
    weight: 6,
    arbitrary: record("file", {
      pick,
      to: one(
        "stored",
        "processing",
        "processed",
        "archived",
        "recalling",
        "quarantined",
        "deleting",
        "deleted",
        "failed",
      ),
      agoMinutes,
    }),
  },
  { weight: 2, arbitrary: record("session", { pick, to: one("active", "aborting", "aborted", "failed") }) },
  { weight: 2, arbitrary: record("move", { pick, workspace, provider: fc.nat({ max: 1 }) }) },
  {
    weight: 4,
    arbitrary: record("access", { picks: fc.array(pick, { minLength: 1, maxLength: 4 }), agoMinutes }),
  },
  { weight: 5, arbitrary: record("calls", { calls: fc.array(call, { minLength: 1, maxLength: 6 }) }) },
  { weight: 1, arbitrary: record("drop", { what: one("users", "workspaces"), index: fc.nat({ max: 1 }) }) },
  { weight: 1, arbitrary: record("forget", { pick }) },
  { weight: 1, arbitrary: record("roll back", { pick }) },
  { weight: 4, arbitrary: record("fold", { rows: one(1, 2, 5, 10_000) }) },
  { weight: 1, arbitrary: record("drop months", {}) },
  { weight: 1, arbitrary: record("mend", {}) },
);

interface World {
  users: string[];
  workspaces: string[];
  providers: string[];
}

/** Refusals that are the database's right answer to a step at the wrong time. */
const REFUSALS = ["AT009", "AT010", "23514"];

async function apply(db: Kysely<unknown>, world: World, step: Step): Promise<void> {
  const any = async (table: "multipart_uploads" | "file_storage", n: number): Promise<string | null> => {
    const rows = await rowsOf(
      db,
      sql<{ id: string }>`SELECT id FROM ${sql.table(table)} ORDER BY created_at, id`,
    );
    return rows[n % Math.max(rows.length, 1)]?.id ?? null;
  };
  const ago = (minutes: number) => sql`now() - ${minutes} * interval '1 minute'`;
  switch (step.do) {
    case "upload": {
      const { kind, size } = step;
      const workspaceId = step.workspace === null ? null : (world.workspaces[step.workspace] ?? null);
      const name = { audio_file: "a.mp3", export_file: "a.zip", document: "a.pdf" }[kind];
      const user = world.users[step.user] ?? "";
      const [row] = await rowsOf(
        db,
        sql<{ isThere: boolean }>`SELECT EXISTS (SELECT FROM users WHERE id = ${user})
          AND (${workspaceId}::uuid IS NULL OR EXISTS (SELECT FROM workspaces WHERE id = ${workspaceId})) AS "isThere"`,
      );
      if (row?.isThere === true) await storeFile(db, user, { name, contentType: kind, size, workspaceId });
      return;
    }
    case "file":
      await sql`UPDATE file_storage SET status = ${step.to}, deleted_at = CASE WHEN ${step.to} = 'deleted' THEN now() END,
        scan_state = CASE WHEN status = 'quarantined' THEN 'released' ELSE scan_state END,
        stored_at = ${ago(step.agoMinutes)} WHERE id = ${await any("file_storage", step.pick)}`.execute(db);
      return;
    case "session":
      await sql`UPDATE multipart_uploads SET status = ${step.to}, error_code = CASE WHEN ${step.to} = 'failed' THEN 'x' END
        WHERE id = ${await any("multipart_uploads", step.pick)}`.execute(db);
      return;
    case "move":
      await sql`UPDATE file_storage SET storage_provider_id = ${world.providers[step.provider]},
          workspace_id = (SELECT id FROM workspaces WHERE id = ${step.workspace === null ? null : world.workspaces[step.workspace]})
        WHERE id = ${await any("file_storage", step.pick)}`.execute(db);
      return;
    case "access": {
      const ids = await Promise.all(step.picks.map((index) => any("file_storage", index)));
      await sql`UPDATE file_storage SET download_count = download_count + 2, last_accessed_at = ${ago(step.agoMinutes)}
        WHERE id = ANY (${ids}::uuid[])`.execute(db);
      return;
    }
    case "calls":
      for (const { pick: index, type, ms, success, isOfClient, provider, agoDays } of step.calls)
        await sql`INSERT INTO spaces_operations (operation_type, file_storage_id, storage_provider_id, duration_ms, success,
            reported_by, client_report, request_size, started_at)
          VALUES (${isOfClient ? "upload" : type}, ${await any("file_storage", index)},
            ${provider === null ? null : world.providers[provider]}, ${ms}, ${success}, ${isOfClient ? "client" : "server"},
            ${isOfClient ? '{"browser": "Firefox 140"}' : null}, 7, now() - ${agoDays} * interval '1 day')`.execute(
          db,
        );
      return;
    case "drop":
      await sql`DELETE FROM ${sql.table(step.what)} WHERE id = ${world[step.what][step.index]}`.execute(db);
      return;
    case "forget":
      await sql`DELETE FROM file_storage WHERE id = ${await any("file_storage", step.pick)}`.execute(db);
      return;
    case "roll back": {
      const id = await any("file_storage", step.pick);
      await db
        .transaction()
        .execute(async (trx) => {
          await sql`UPDATE file_storage SET status = 'deleting' WHERE id = ${id}`.execute(trx);
          await sql`SELECT fold_analytics()`.execute(trx);
          throw new Error("as if it were killed");
        })
        .catch((error: Error & { code?: string }) => {
          if (error.message !== "as if it were killed") throw error;
        });
      return;
    }
    case "fold":
      await sql`SELECT fold_analytics(${step.rows}::integer)`.execute(db);
      return;
    case "drop months":
      await sql`SELECT drop_old_spaces_operations('1 month'), drop_old_analytics('1 month')`.execute(db);
      return;
    case "mend":
      expect(await rowsOf(db, sql`SELECT mend_file_totals() AS mended`)).toEqual([{ mended: 0 }]);
      return;
    default:
      step satisfies never;
  }
}

async function expectTrueViews(db: Kysely<unknown>): Promise<void> {
  // Of one moment, or a minute would pass between them.
  await db.transaction().execute(async (trx) => {
    expect(await dashboard(trx)).toEqual(await plainDashboard(trx));
    expect(await workspaceUsage(trx)).toEqual(await plainWorkspaces(trx));
  });
}

describe.each([
  ["PostgreSQL", () => createTestDatabase<unknown>(), 20],
  ["PGlite", () => createPgliteDatabase<unknown>(), 6],
] as const)("the views on %s", (_engine, open, numRuns) => {
  it("say after every step of any history what the rows say", async () => {
    await using database = await open();
    const { db } = database;
    const providers = [
      await seedProvider(db),
      await seedProvider(db, { bucket: "second", isPrimary: false }),
    ];
    let steps = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 50 }), async (history) => {
        const users = await Promise.all([seedUser(db), seedUser(db), seedUser(db)]);
        const members = Object.fromEntries(users.map((id) => [id, "member" as const]));
        const workspaces = [await seedWorkspace(db, { members }), await seedWorkspace(db, { members })];
        for (const each of history) {
          await apply(db, { users, workspaces, providers }, each).catch((error: { code?: string }) => {
            if (!REFUSALS.includes(error.code ?? "")) throw error;
          });
          await expectTrueViews(db);
          steps++;
        }
      }),
      { numRuns },
    );
    expect(steps).toBeGreaterThan(60);
    // And what is made anew from the rows is the same.
    await sql`SELECT rebuild_analytics()`.execute(db);
    await expectTrueViews(db);
  });
});

describe("what is added up", () => {
  it("is right while uploads, deletes, accesses and folds go on at once, and nobody waits for a fold", async () => {
    await using database = await createTestDatabase<unknown>();
    const { db } = database;
    await seedProvider(db);
    const users = await Promise.all(Array.from({ length: 4 }, () => seedUser(db)));
    const ids: string[] = [];
    let isOver = false;
    const folding = Promise.all(
      [1, 2].map(async () => {
        while (!isOver) await sql`SELECT fold_analytics(20)`.execute(db);
      }),
    );
    const reading = (async () => {
      while (!isOver) await expectTrueAtOnce(db);
    })();
    await Promise.all(
      users.map(async (user) => {
        for (let round = 0; round < 25; round++) {
          const id = await storeFile(db, user, { size: 100 + round });
          ids.push(id);
          await sql`UPDATE file_storage SET download_count = download_count + 1, last_accessed_at = now() WHERE id = ${id}`.execute(
            db,
          );
          if (round % 3 === 0)
            await sql`UPDATE file_storage SET status = 'deleting' WHERE id = ${id}`.execute(db);
        }
      }),
    );
    isOver = true;
    await Promise.all([folding, reading]);
    await expectTrueViews(db);
    expect(await rowsOf(db, sql`SELECT mend_file_totals() AS mended`)).toEqual([{ mended: 0 }]);
    await sql`SELECT fold_analytics()`.execute(db);
    expect(await rowsOf(db, sql`SELECT count(*)::integer AS n FROM storage_file_changes`)).toEqual([
      { n: 0 },
    ]);
  });

  it("does not hold up an upload while a fold is under way, nor a fold while an upload is", async () => {
    await using database = await createTestDatabase<unknown>();
    const { db } = database;
    await seedProvider(db);
    const user = await seedUser(db);
    await storeFile(db, user);
    await db.transaction().execute(async (folding) => {
      await sql`SELECT fold_analytics()`.execute(folding);
      await storeFile(db, user, { size: 5 });
      await db.transaction().execute(async (uploading) => {
        await storeFile(uploading, user, { size: 6 });
        // Somebody folds: the second is told so at once.
        expect(await rowsOf(db, sql`SELECT fold_analytics() AS n`)).toEqual([{ n: 0 }]);
      });
    });
    await expectTrueViews(db);
  });

  it("mends sums that are wrong because rows were changed behind the triggers, once, also by two at a time", async () => {
    await using database = await createTestDatabase<unknown>();
    const { db } = database;
    await seedProvider(db);
    const user = await seedUser(db);
    const workspaceId = await seedWorkspace(db, { members: { [user]: "member" } });
    const id = await storeFile(db, user, { size: 100, workspaceId });
    await storeFile(db, user, { size: 50 });
    await db.transaction().execute(async (trx) => {
      await sql`SET LOCAL session_replication_role = replica`.execute(trx);
      await sql`UPDATE file_storage SET file_size = 300 WHERE id = ${id}`.execute(trx);
      await sql`UPDATE storage_counters SET used_bytes = used_bytes + 200`.execute(trx);
    });
    const mended = await Promise.all(
      [1, 2].map(() => rowsOf(db, sql<{ n: number }>`SELECT mend_file_totals() AS n`)),
    );
    expect(
      mended
        .flat()
        .map(({ n }) => n)
        .toSorted((a, b) => a - b),
    ).toEqual([0, 2]);
    await expectTrueViews(db);
    await sql`SELECT fold_analytics()`.execute(db);
    await expectTrueViews(db);
    // What is mended is not what happened that day.
    expect(
      await rowsOf(
        db,
        sql`SELECT sum(bytes_added)::integer AS bytes FROM storage_file_periods WHERE scope = 'provider'`,
      ),
    ).toEqual([{ bytes: 150 }]);
  });

  it("tells how long uploads took, and how they ended, by the hour", async () => {
    await using database = await createTestDatabase<unknown>();
    const { db } = database;
    await seedProvider(db);
    const user = await seedUser(db);
    await storeFile(db, user, { size: 100 });
    for (const to of ["aborted", "failed"]) {
      const { sessionId } = await startUpload(db, user);
      await sql`UPDATE multipart_uploads SET status = ${to}, error_code = CASE WHEN ${to} = 'failed' THEN 'x' END,
        created_at = now() - interval '10 seconds' WHERE id = ${sessionId}`.execute(db);
    }
    await reserve(db, user, [{ size: 3 }]);
    await sql`SELECT fold_analytics()`.execute(db);
    const rows = await rowsOf(
      db,
      sql`SELECT grain, outcome, times, bytes, round(duration_ms / 1000.0)::integer AS seconds FROM storage_activity
        WHERE measure = 'upload' ORDER BY grain, outcome`,
    );
    const each = [
      { outcome: "cancelled", times: 1, bytes: 0, seconds: 10 },
      { outcome: "failed", times: 1, bytes: 0, seconds: 10 },
      { outcome: "ok", times: 1, bytes: 100, seconds: 0 },
    ];
    expect(rows).toEqual(["hour", "month"].flatMap((grain) => each.map((row) => ({ grain, ...row }))));
  });
});

/** In one statement: what is under way beside it is in both or in neither. */
async function expectTrueAtOnce(db: Kysely<unknown>): Promise<void> {
  const [row] = await rowsOf(
    db,
    sql<{ view: object; plain: object }>`SELECT
      (SELECT jsonb_build_array(total_files, total_size_bytes, files_uploaded_24h, total_downloads, last_access)
        FROM storage_performance_dashboard) AS view,
      (SELECT jsonb_build_array(count(*), coalesce(sum(file_size), 0), count(*) FILTER (WHERE stored_at >= now() - interval '1 day'),
        coalesce(sum(download_count), 0), max(last_accessed_at)) FROM file_storage WHERE is_counted_file(status)) AS plain`,
  );
  expect(row?.view).toEqual(row?.plain);
}

describe("durations", () => {
  it("are read back within the width of a bucket", async () => {
    await using database = await createPgliteDatabase<unknown>();
    const { db } = database;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.nat({ max: 100 }), fc.integer({ min: 100, max: 2 ** 31 - 1 })), {
          minLength: 1,
          maxLength: 200,
        }),
        one(0.05, 0.5, 0.95, 1),
        async (durations, fraction) => {
          const [row] = await rowsOf(
            db,
            sql<{ read: number; exact: number }>`SELECT
              duration_percentile(array_agg(duration_bucket(d)), array_agg(1::bigint), ${fraction}::double precision) AS read,
              percentile_disc(${fraction}::double precision) WITHIN GROUP (ORDER BY d) AS exact
              FROM unnest(${durations}::bigint[]) AS d`,
          );
          const { read, exact } = row ?? { read: Number.NaN, exact: Number.NaN };
          if (exact === 0) expect(read).toBe(0);
          else expect(Math.abs(Math.log2(read / exact))).toBeLessThanOrEqual(0.2501);
        },
      ),
      { numRuns: 100 },
    );
    expect(
      await rowsOf(
        db,
        sql`SELECT duration_percentile('{-1}', '{5}', 0.5) AS none, duration_bucket(NULL) AS unknown`,
      ),
    ).toEqual([{ none: null, unknown: -1 }]);
  });
});
