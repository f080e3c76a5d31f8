import { migrateJobs } from "@audiotricks/migrations";
import { createStorage, type Database, openProviders } from "@audiotricks/storage";
import { createTestDatabase } from "@audiotricks/testing/database";
import { seedProvider } from "@audiotricks/testing/seed";
import { sql } from "kysely";
import { pino } from "pino";
import { expect, it, vi } from "vitest";
import type { Job, JobContext } from "../src/jobs/job.ts";
import { startJobs } from "../src/jobs/start-jobs.ts";

vi.setConfig({ testTimeout: 120_000 });

it("tells operators of each queue what waits, what was done last, and what failed", async () => {
  await using database = await createTestDatabase<Database>();
  const { db, pool } = database;
  await seedProvider(db);
  const storage = createStorage({ db, providers: await openProviders({ db }) });
  const operator = { userId: crypto.randomUUID(), isOperator: true };
  expect(await storage.analytics.jobs(operator)).toEqual({ queues: [] });
  await migrateJobs(db);
  const job = (name: string, run: Job["run"]): Job => ({
    name,
    cron: "0 0 1 1 *",
    againAfter: 3600,
    isMadeUpFor: false,
    expiresAfter: 600,
    run,
  });
  const jobs = await startJobs({
    db: { executeSql: (text, values) => pool.query(text, values) },
    isEmbedded: false,
    jobs: [
      job("calm", async () => undefined),
      job("broken", async () => {
        throw new Error(`the bucket is on fire ${"!".repeat(900)}`);
      }),
    ],
    context: { log: pino({ level: "silent" }), storage: {} as JobContext["storage"] },
    timings: { pollSeconds: 0.5, heartbeatSeconds: 10, superviseSeconds: 1 },
  });
  try {
    await vi.waitFor(
      async () => {
        const { queues } = await storage.analytics.jobs(operator);
        expect(queues.map(({ name }) => name)).toEqual(["broken", "calm"]);
        const [broken, calm] = queues;
        expect(calm).toMatchObject({
          cron: "0 0 1 1 *",
          completed: 1,
          failed: 0,
          waiting: 1,
          lastError: null,
        });
        expect(calm?.lastDurationMs).toBeGreaterThanOrEqual(0);
        expect(calm?.lastCompletedAt).not.toBeNull();
        expect(broken).toMatchObject({ completed: 0, retrying: 1 });
        expect(broken?.lastError).toMatch(/^the bucket is on fire !+$/);
        expect(broken?.lastError).toHaveLength(500);
        expect(broken?.lastFailedAt).not.toBeNull();
      },
      { timeout: 60_000, interval: 250 },
    );
    await sql`UPDATE storage_jobs.job SET state = 'failed', completed_on = now() WHERE name = 'broken' AND state = 'retry'`.execute(
      db,
    );
    expect((await storage.analytics.jobs(operator)).queues[0]).toMatchObject({ failed: 1, retrying: 0 });
  } finally {
    await jobs.stop(5_000);
    await storage.close();
  }
});
