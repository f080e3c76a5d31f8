import { createTestDatabase } from "@audiotricks/testing/database";
import { seedProvider, seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import fc from "fast-check";
import { type Kysely, sql } from "kysely";
import { describe, expect, it } from "vitest";
import { counterOf, miscounted, reserve, rowsOf } from "./reserve.ts";

/** One thing that may happen; whatever the state forbids is refused by the database and changes nothing. */
type Operation =
  | { do: "reserve"; user: number; workspace: number | null; sizes: number[] }
  | { do: "session"; pick: number; to: string }
  | { do: "file"; pick: number; to: string }
  | { do: "resize"; pick: number; size: number }
  | { do: "limit"; workspace: number; bytes: number | null }
  | { do: "expire"; pick: number }
  | { do: "cleanup" }
  | { do: "drop"; what: "users" | "workspaces"; index: number }
  | { do: "forget"; pick: number };

const pick = fc.nat({ max: 50 });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("reserve" as const),
      user: fc.nat({ max: 2 }),
      workspace: fc.option(fc.nat({ max: 1 })),
      sizes: fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("session" as const),
      pick,
      to: fc.constantFrom("active", "completing", "completed", "aborting", "aborted", "failed"),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("file" as const),
      pick,
      to: fc.constantFrom(
        "stored",
        "processing",
        "processed",
        "archived",
        "quarantined",
        "deleting",
        "deleted",
        "failed",
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("resize" as const),
      pick,
      size: fc.integer({ min: 1, max: 800 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("limit" as const),
      workspace: fc.nat({ max: 1 }),
      bytes: fc.option(fc.integer({ min: 0, max: 1000 })),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("expire" as const), pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("cleanup" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("drop" as const),
      what: fc.constantFrom("users" as const, "workspaces" as const),
      index: fc.nat({ max: 1 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("forget" as const), pick }) },
);

interface World {
  users: string[];
  workspaces: string[];
}

/** Refusals that are the database's right answer to an operation at the wrong time. */
const REFUSALS = ["AT001", "AT009", "AT010", "23514"];

async function apply(db: Kysely<unknown>, world: World, step: Operation): Promise<void> {
  const any = async (table: "multipart_uploads" | "file_storage", n: number): Promise<string | null> => {
    const rows = await rowsOf(
      db,
      sql<{ id: string }>`SELECT id FROM ${sql.table(table)} ORDER BY created_at, id`,
    );
    return rows[n % Math.max(rows.length, 1)]?.id ?? null;
  };
  switch (step.do) {
    case "reserve": {
      const workspaceId = step.workspace === null ? null : (world.workspaces[step.workspace] ?? null);
      await reserve(
        db,
        world.users[step.user] ?? "",
        step.sizes.map((size) => ({ size, workspaceId })),
      );
      return;
    }
    case "session":
      await sql`UPDATE multipart_uploads SET status = ${step.to}, error_code = CASE WHEN ${step.to} = 'failed' THEN 'x' END,
        completed_at = CASE WHEN ${step.to} = 'completed' THEN now() END WHERE id = ${await any("multipart_uploads", step.pick)}`.execute(
        db,
      );
      return;
    case "file":
      await sql`UPDATE file_storage SET status = ${step.to}, deleted_at = CASE WHEN ${step.to} = 'deleted' THEN now() END
        WHERE id = ${await any("file_storage", step.pick)}`.execute(db);
      return;
    case "resize":
      await sql`UPDATE multipart_uploads SET total_file_size = ${step.size}
        WHERE id = ${await any("multipart_uploads", step.pick)}`.execute(db);
      return;
    case "limit":
      await sql`INSERT INTO storage_quotas (workspace_id, max_storage_bytes)
        SELECT id, ${step.bytes} FROM workspaces WHERE id = ${world.workspaces[step.workspace]}
        ON CONFLICT (workspace_id) DO UPDATE SET max_storage_bytes = excluded.max_storage_bytes`.execute(db);
      return;
    case "expire":
      await sql`UPDATE multipart_uploads SET expires_at = now() WHERE id = ${await any("multipart_uploads", step.pick)}`.execute(
        db,
      );
      await sql`UPDATE file_storage SET expires_at = now() WHERE id = ${await any("file_storage", step.pick)}`.execute(
        db,
      );
      return;
    case "cleanup":
      await sql`SELECT cleanup_expired_files(3)`.execute(db);
      return;
    case "drop":
      await sql`DELETE FROM ${sql.table(step.what)} WHERE id = ${world[step.what][step.index]}`.execute(db);
      return;
    case "forget":
      await sql`DELETE FROM file_storage WHERE id = ${await any("file_storage", step.pick)}`.execute(db);
      return;
    default:
      step satisfies never;
  }
}

describe("storage_counters", () => {
  it("equal the sums of the rows after every step, and no reservation passes a limit", async () => {
    await using database = await createTestDatabase<unknown>();
    const { db } = database;
    await seedProvider(db);
    await sql`UPDATE storage_settings SET default_user_max_bytes = 1500, default_workspace_max_bytes = 1200`.execute(
      db,
    );
    let steps = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 10, maxLength: 60 }), async (operations) => {
        await db.transaction().execute(async (trx) => {
          await sql`SET LOCAL session_replication_role = replica`.execute(trx);
          await sql`TRUNCATE file_storage, multipart_uploads, storage_counters, storage_quotas CASCADE`.execute(
            trx,
          );
        });
        const users = await Promise.all([seedUser(db), seedUser(db), seedUser(db)]);
        const members = Object.fromEntries(users.map((id) => [id, "member" as const]));
        const workspaces = [await seedWorkspace(db, { members }), await seedWorkspace(db, { members })];
        for (const step of operations) {
          const before = await Promise.all(users.map((id) => counterOf(db, "user", id)));
          await apply(db, { users, workspaces }, step).catch((error: { code?: string }) => {
            if (!REFUSALS.includes(error.code ?? "")) throw error;
          });
          expect(await miscounted(db)).toEqual([]);
          for (const [index, id] of users.entries()) {
            const { used_bytes: used, reserved_bytes: reserved } = await counterOf(db, "user", id);
            if (reserved > (before[index]?.reserved_bytes ?? 0))
              expect(used + reserved).toBeLessThanOrEqual(1500);
          }
          steps++;
        }
      }),
      { numRuns: 50, interruptAfterTimeLimit: 20_000 },
    );
    expect(steps).toBeGreaterThan(300);
  });
});
