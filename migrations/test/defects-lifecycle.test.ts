import { type Kysely, sql } from "kysely";
import { describe, expect, it } from "vitest";
import { attempt, initiated, insertFile, onBoth, type Trial } from "./on-both.ts";
import { rowsOf } from "./reserve.ts";

async function cleanUp(db: Kysely<unknown>): Promise<number> {
  const [row] = await rowsOf(db, sql<{ n: number }>`SELECT cleanup_expired_files() AS n`);
  return row?.n ?? 0;
}

async function statusOf(db: Kysely<unknown>, table: "file_storage" | "multipart_uploads", id: string) {
  const [row] = await rowsOf(
    db,
    sql<{ status: string }>`SELECT status FROM ${sql.table(table)} WHERE id = ${id}`,
  );
  return row?.status;
}

/** An upload in parts that began `hours` ago and lives `remaining` hours from now. */
async function beginUpload(
  trial: Trial,
  hours: number,
  remaining: number,
): Promise<{ file: string; session: string }> {
  const { file_storage_id: file } = await initiated(trial, { size: 50_000_000 });
  await sql`UPDATE file_storage SET created_at = now() - make_interval(hours => ${hours}::integer)`.execute(
    trial.db,
  );
  const [row] = await rowsOf(
    trial.db,
    sql<{ id: string }>`
      UPDATE multipart_uploads SET status = 'active', created_at = now() - make_interval(hours => ${hours}::integer),
        expires_at = now() + make_interval(hours => ${remaining}::integer)
      WHERE file_storage_id = ${file} RETURNING id`,
  );
  if (row === undefined) throw new Error("There is no session.");
  return { file, session: row.id };
}

/** Resolves when another connection waits for a row lock, or when `work` has ended. */
async function untilBlockedOrDone(db: Kysely<unknown>, work: Promise<unknown>): Promise<void> {
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  for (const deadline = Date.now() + 10_000; !isDone; ) {
    const waiting = await rowsOf(
      db,
      sql`
      SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    if (waiting.length > 0) return;
    if (Date.now() > deadline) throw new Error("It neither waits nor ends.");
    await Promise.race([done, new Promise((resolve) => setTimeout(resolve, 10))]);
  }
}

/** Runs `first` in a transaction that commits only when the clean-up beside it waits for it or has ended. */
async function cleanUpBeside<Result>(
  { db }: Trial,
  first: (trx: Kysely<unknown>) => Promise<Result>,
): Promise<{ first: Result; beside: number }> {
  let beside: Promise<number> | undefined;
  const result = await db.transaction().execute(async (trx) => {
    const value = await first(trx);
    beside = cleanUp(db);
    await untilBlockedOrDone(db, beside);
    return value;
  });
  return { first: result, beside: (await beside) ?? 0 };
}

const expire = ({ db }: Trial) =>
  sql`UPDATE file_storage SET expires_at = now() - interval '1 minute'`.execute(db);

describe("lifecycle, where the specification's SQL fails", () => {
  it("defect 4: a file with an hour left is left alone, whatever the time zones of writer and cleaner", async () => {
    const { specification, ours } = await onBoth(async (trial) => {
      const file = await insertFile(trial);
      return trial.db.connection().execute(async (db) => {
        await sql`SET TIME ZONE 'America/Los_Angeles'`.execute(db);
        await sql`UPDATE file_storage SET expires_at = now() + interval '1 hour'`.execute(db);
        await sql`SET TIME ZONE 'UTC'`.execute(db);
        return { cleaned: await cleanUp(db), status: await statusOf(db, "file_storage", file) };
      });
    });
    expect(specification).toEqual({ cleaned: 1, status: "deleted" });
    expect(ours).toEqual({ cleaned: 0, status: "stored" });
  });

  it("defect 7: the clean-up claims, and says neither deleted nor 200 for what the store has not done", async () => {
    const { specification, ours } = await onBoth(async (trial) => {
      const file = await insertFile(trial);
      await expire(trial);
      return {
        cleaned: await cleanUp(trial.db),
        status: await statusOf(trial.db, "file_storage", file),
        log: await rowsOf(trial.db, sql`SELECT operation_type, status_code FROM spaces_operations`),
      };
    });
    expect(specification).toEqual({
      cleaned: 1,
      status: "deleted",
      log: [{ operation_type: "delete", status_code: 200 }],
    });
    expect(ours).toEqual({ cleaned: 1, status: "deleting", log: [] });
  });

  it("defect 7: of two workers each file is claimed by one", async () => {
    const { specification, ours } = await onBoth(async (trial) => {
      for (let i = 0; i < 20; i++) await insertFile(trial);
      await expire(trial);
      const { first, beside } = await cleanUpBeside(trial, cleanUp);
      return { first, beside };
    });
    expect(specification).toEqual({ first: 20, beside: 20 });
    expect(ours).toEqual({ first: 20, beside: 0 });
  });

  it("defect 7: a file that is stored meanwhile stays", async () => {
    const { specification, ours } = await onBoth(async (trial) => {
      const { file, session } = await beginUpload(trial, 25, -1);
      await cleanUpBeside(trial, async (trx) => {
        await sql`UPDATE multipart_uploads SET status = 'completed', completed_at = now() WHERE id = ${session}`.execute(
          trx,
        );
        await sql`UPDATE file_storage SET status = 'stored' WHERE id = ${file}`.execute(trx);
      });
      return statusOf(trial.db, "file_storage", file);
    });
    expect(specification).toBe("deleted");
    expect(ours).toBe("stored");
  });

  it("defect 7: a file whose life is prolonged meanwhile stays", async () => {
    const { specification, ours } = await onBoth(async (trial) => {
      const file = await insertFile(trial);
      await expire(trial);
      await cleanUpBeside(trial, (trx) =>
        sql`UPDATE file_storage SET expires_at = now() + interval '1 day'`.execute(trx),
      );
      return statusOf(trial.db, "file_storage", file);
    });
    expect(specification).toBe("deleted");
    expect(ours).toBe("stored");
  });

  it("defect 15: once the upload is complete, its bytes count", async () => {
    const { specification, ours } = await onBoth(async (trial) => {
      const { file, session } = await beginUpload(trial, 1, 1);
      await sql`UPDATE multipart_uploads SET status = 'completed', completed_at = now() WHERE id = ${session}`.execute(
        trial.db,
      );
      // What the server writes in the same transaction, once the store has proved it; nothing of the specification does:
      // packages/storage/test/describe-uploads.ts.
      if (trial.schema === "ours")
        await sql`UPDATE file_storage SET status = 'stored' WHERE id = ${file}`.execute(trial.db);
      await sql`SELECT update_storage_usage()`.execute(trial.db);
      return rowsOf(trial.db, sql`SELECT total_size_bytes AS bytes FROM storage_usage`);
    });
    expect(specification).toEqual([]);
    expect(ours).toEqual([{ bytes: 50_000_000 }]);
  });

  it("defect 15: no function of the specification stores, completes or cancels a file", async () => {
    const { specification, ours } = await onBoth(async ({ db, schema }) => ({
      writers: (
        await rowsOf(
          db,
          sql`SELECT 1 FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosrc ~ $$SET\s+status = 'stored'$$`,
        )
      ).length,
      // Ours do it in TypeScript, where the store can be asked; the database holds them to it.
      isHeld:
        schema === "ours" && typeof (await attempt(db, sql`SELECT is_open_session('active')`)) !== "string",
    }));
    expect(specification).toEqual({ writers: 0, isHeld: false });
    expect(ours).toEqual({ writers: 0, isHeld: true });
  });

  it("defect 16: expires_at decides how long an upload lives, not its age", async () => {
    const { specification, ours } = await onBoth(async (trial) => {
      const { file, session } = await beginUpload(trial, 25, 144);
      await cleanUp(trial.db);
      return [
        await statusOf(trial.db, "multipart_uploads", session),
        await statusOf(trial.db, "file_storage", file),
      ];
    });
    expect(specification).toEqual(["aborted", "deleted"]);
    expect(ours).toEqual(["active", "uploading"]);
  });

  it("defect 16: an upload is aborted only once the store has done so", async () => {
    const { specification, ours } = await onBoth(async (trial) => {
      const { session } = await beginUpload(trial, 25, -1);
      await cleanUp(trial.db);
      return statusOf(trial.db, "multipart_uploads", session);
    });
    expect(specification).toBe("aborted");
    // The sweep finishes it: packages/storage/src/sweep.ts.
    expect(ours).toBe("aborting");
  });

  it("defect 17: an export lives as long as it was promised", async () => {
    const { specification, ours } = await onBoth(async (trial) => {
      const file = await insertFile(trial, { contentType: "export_file" });
      await sql`UPDATE file_storage SET created_at = now() - interval '8 days', expires_at = now() + interval '30 days'`.execute(
        trial.db,
      );
      await cleanUp(trial.db);
      return statusOf(trial.db, "file_storage", file);
    });
    expect(specification).toBe("deleted");
    expect(ours).toBe("stored");
  });

  it("defect 17: an export lives for seven days where nothing else was said", async () => {
    const { specification, ours } = await onBoth(async (trial) => {
      await initiated(trial, { contentType: "export_file", name: "all.zip" });
      return rowsOf(
        trial.db,
        sql`SELECT round(extract(epoch FROM expires_at - created_at)) AS seconds FROM file_storage`,
      );
    });
    expect(specification).toEqual([{ seconds: null }]);
    expect(ours).toEqual([{ seconds: String(7 * 24 * 3600) }]);
  });

  it.each(["uploading", "failed", "deleted"])(
    "defect 19: a history entry is not linked to a %s file",
    async (status) => {
      const { specification, ours } = await onBoth(async (trial) => {
        const { db } = trial;
        const file = await insertFile(trial, { status: "uploading" });
        await sql`UPDATE file_storage SET status = ${status},
        deleted_at = CASE WHEN ${status} = 'deleted' THEN now() END`.execute(db);
        const [entry] = await rowsOf(
          db,
          sql<{ id: string }>`INSERT INTO audio_history DEFAULT VALUES RETURNING id`,
        );
        const answer = await attempt(db, sql`SELECT link_audio_history_to_storage(${entry?.id}, ${file})`);
        return [typeof answer === "string" ? answer : "linked", await statusOf(db, "file_storage", file)];
      });
      expect(specification).toEqual(["linked", "processed"]);
      expect(ours).toEqual(["AT012", status]);
    },
  );

  it("defect 19: a history entry is linked to a file whose bytes are there", async () => {
    const { ours } = await onBoth(async (trial) => {
      const { db } = trial;
      const file = await insertFile(trial);
      await sql`INSERT INTO audio_history DEFAULT VALUES`.execute(db);
      await sql`SELECT link_audio_history_to_storage(id, ${file}) FROM audio_history`.execute(db);
      const [entry] = await rowsOf(
        db,
        sql`SELECT file_storage_id AS file, file_size_bytes AS size FROM audio_history`,
      );
      return {
        isLinked: JSON.stringify(entry) === JSON.stringify({ file, size: 100 }),
        status: await statusOf(db, "file_storage", file),
      };
    });
    expect(ours).toEqual({ isLinked: true, status: "processed" });
  });
});
