import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { attempt, initiate, initiated, insertFile, onBoth, type Trial } from "./on-both.ts";
import { counterOf, rowsOf } from "./reserve.ts";
import { execute, openSpecification, readSpecification } from "./specification.ts";

async function deleteAllFiles(trial: Trial): Promise<void> {
  // Ours goes by way of the store, the specification's in one step.
  if (trial.schema === "ours") await sql`UPDATE file_storage SET status = 'deleting'`.execute(trial.db);
  await sql`UPDATE file_storage SET status = 'deleted', deleted_at = now()`.execute(trial.db);
}

const usage = (trial: Trial) =>
  rowsOf(
    trial.db,
    sql<{ rows: number; files: number; bytes: number }>`
      SELECT count(*)::integer AS rows, sum(total_files)::integer AS files, sum(total_size_bytes)::integer AS bytes
      FROM storage_usage`,
  );

describe("usage and quota, where the specification's SQL fails", () => {
  it("defect 2: a recount changes the row of a user without a workspace, and adds none", async () => {
    const { specification, ours } = await onBoth(async (trial) => {
      await insertFile(trial, { size: 100 });
      await insertFile(trial, { size: 200 });
      for (let i = 0; i < 3; i++) await sql`SELECT update_storage_usage()`.execute(trial.db);
      return usage(trial);
    });
    expect(specification).toEqual([{ rows: 3, files: 6, bytes: 900 }]);
    expect(ours).toEqual([{ rows: 1, files: 2, bytes: 300 }]);
  });

  it("defect 3: the dashboard counts each file once, however often it was touched, and of every month", async () => {
    const { specification, ours } = await onBoth(async (trial) => {
      const touch = (file: string, times: number) =>
        sql`
        INSERT INTO spaces_operations (operation_type, file_storage_id, success)
        SELECT 'download', ${file}, true FROM generate_series(1, ${times}::integer)`.execute(trial.db);
      await touch(await insertFile(trial, { size: 10 }), 1);
      await touch(await insertFile(trial, { size: 1000 }), 4);
      const dashboard = () =>
        rowsOf(
          trial.db,
          sql`SELECT total_files::integer AS files, total_size_bytes::integer AS bytes FROM storage_performance_dashboard`,
        );
      const now = await dashboard();
      await sql`UPDATE file_storage SET created_at = now() - interval '2 months'`.execute(trial.db);
      return { now, later: await dashboard() };
    });
    expect(specification).toEqual({ now: [{ files: 5, bytes: 4010 }], later: [{ files: 0, bytes: null }] });
    expect(ours).toEqual({ now: [{ files: 2, bytes: 1010 }], later: [{ files: 2, bytes: 1010 }] });
  });

  it("defect 8: quotas exist, and a workspace has one row whatever its number of members", async () => {
    await using alone = await openSpecification({ runnable: true });
    // What the fixture adds for it to load at all.
    await sql`DROP TABLE storage_quotas CASCADE`.execute(alone.db);
    const views = (await readSpecification()).get("views") ?? "";
    await expect(execute(alone.db, views)).rejects.toMatchObject({ code: "42P01" });
    const { specification, ours } = await onBoth(async (trial) => {
      const { db, workspace } = trial;
      const other = await rowsOf(
        db,
        sql<{ id: string }>`INSERT INTO users (name) VALUES ('Beta') RETURNING id`,
      );
      await insertFile(trial, { size: 60, workspace });
      await insertFile(trial, { size: 60, workspace, user: other[0]?.id ?? null });
      await sql`INSERT INTO storage_quotas (workspace_id, max_storage_bytes) VALUES (${workspace}, 100)`.execute(
        db,
      );
      await sql`SELECT update_storage_usage()`.execute(db);
      return rowsOf(
        db,
        sql`SELECT total_size_bytes AS bytes, usage_status FROM workspace_storage_usage WHERE workspace_id = ${workspace}`,
      );
    });
    // Both members are far below the limit that they have passed together.
    expect(specification).toEqual([
      { bytes: 60, usage_status: "normal" },
      { bytes: 60, usage_status: "normal" },
    ]);
    expect(ours).toEqual([{ bytes: 120, usage_status: "over_quota" }]);
  });

  it("defect 18: usage goes to zero with the last file", async () => {
    const { specification, ours } = await onBoth(async (trial) => {
      await insertFile(trial, { size: 300 });
      await sql`SELECT update_storage_usage()`.execute(trial.db);
      await deleteAllFiles(trial);
      await sql`SELECT update_storage_usage()`.execute(trial.db);
      return { usage: await usage(trial) };
    });
    expect(specification.usage).toEqual([{ rows: 1, files: 1, bytes: 300 }]);
    expect(ours.usage).toEqual([{ rows: 1, files: 0, bytes: 0 }]);
  });

  it("defect 18: bytes under way are counted before they arrive", async () => {
    const { specification, ours } = await onBoth(async (trial) => {
      const { db, user, workspace, schema } = trial;
      await sql`INSERT INTO storage_quotas (workspace_id, max_storage_bytes) VALUES (${workspace}, 500)`.execute(
        db,
      );
      const answers = [
        await initiate(trial, { size: 300, workspace }),
        await initiate(trial, { size: 300, workspace }),
      ];
      const reserved = schema === "ours" ? (await counterOf(db, "user", user)).reserved_bytes : undefined;
      return {
        answers: answers.map((answer) => (typeof answer === "string" ? answer : "created")),
        reserved,
      };
    });
    expect(specification).toEqual({ answers: ["created", "created"], reserved: undefined });
    expect(ours).toEqual({ answers: ["created", "AT001"], reserved: 300 });
  });

  it.each([
    ["a file above the provider's limit", "AT003", { size: 5_368_709_121 }],
    ["a type that the provider does not take", "AT004", { name: "song.exe" }],
    ["a file above the workspace's quota", "AT001", { size: 501 }],
  ])("defect 12: %s is refused at initiation", async (_what, code, file) => {
    const { specification, ours } = await onBoth(async (trial) => {
      const { db, workspace } = trial;
      await sql`INSERT INTO storage_quotas (workspace_id, max_storage_bytes) VALUES (${workspace}, 500)`.execute(
        db,
      );
      const answer = await initiate(trial, { ...file, workspace });
      return {
        answer: typeof answer === "string" ? answer : "created",
        files: await attempt(db, sql`SELECT 1 FROM file_storage`),
      };
    });
    expect(specification).toMatchObject({ answer: "created", files: [{}] });
    expect(ours).toEqual({ answer: code, files: [] });
  });

  it("defect 12: a file within every limit is taken, so the limits are what refuses", async () => {
    const { ours } = await onBoth(async (trial) => {
      await sql`INSERT INTO storage_quotas (workspace_id, max_storage_bytes) VALUES (${trial.workspace}, 500)`.execute(
        trial.db,
      );
      return initiated(trial, { size: 500, workspace: trial.workspace });
    });
    expect(ours).toMatchObject({ upload_method: "direct" });
  });
});
