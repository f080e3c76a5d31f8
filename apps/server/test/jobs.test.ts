import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { JOBS_SCHEMA, migrateJobs } from "@audiotricks/migrations";
import { createEmptyDatabase } from "@audiotricks/testing/database";
import { loadEmptyPglite } from "@audiotricks/testing/migrated-pglite";
import { PGlite } from "@electric-sql/pglite";
import { Kysely, PGliteDialect, sql } from "kysely";
import { type Db, fromPglite, PgBoss } from "pg-boss";
import { pino } from "pino";
import { describe, it, vi } from "vitest";
import type { Job, JobContext } from "../src/jobs/job.ts";
import { type RunningJobs, startJobs } from "../src/jobs/start-jobs.ts";

// Waits for heartbeats to lapse, on a machine that other tests share; each with a database of its own, all at once.
vi.setConfig({ testTimeout: 120_000 });

interface Queue extends AsyncDisposable {
  kysely: Kysely<unknown>;
  db: Db;
  isEmbedded: boolean;
  url: string;
}

async function openOnPostgres(): Promise<Queue> {
  const database = await createEmptyDatabase<unknown>();
  await migrateJobs(database.db);
  return {
    kysely: database.db,
    db: { executeSql: (text, values) => database.pool.query(text, values) },
    isEmbedded: false,
    url: database.url,
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

async function openOnPglite(): Promise<Queue> {
  const pglite = await PGlite.create({ loadDataDir: await loadEmptyPglite() });
  const kysely = new Kysely<unknown>({ dialect: new PGliteDialect({ pglite }) });
  await migrateJobs(kysely);
  return {
    kysely,
    db: fromPglite(pglite),
    isEmbedded: true,
    url: "",
    [Symbol.asyncDispose]: () => kysely.destroy(),
  };
}

const TIMINGS = { pollSeconds: 0.5, heartbeatSeconds: 10, superviseSeconds: 1 };

/** A worker of its own, as another server would have. */
function startWorker({ db, isEmbedded }: Queue, jobs: Job[]): Promise<RunningJobs> {
  // These jobs ask the storage for nothing.
  const context = { log: pino({ level: "silent" }), storage: {} as JobContext["storage"] };
  return startJobs({ db, isEmbedded, jobs, context, timings: TIMINGS });
}

function jobThat(run: Job["run"], more: Partial<Job> = {}): Job {
  return {
    name: "test",
    cron: "0 0 1 1 *",
    againAfter: 1,
    isMadeUpFor: false,
    expiresAfter: 600,
    run,
    ...more,
  };
}

describe.each([
  { engine: "PostgreSQL", open: openOnPostgres },
  { engine: "PGlite", open: openOnPglite },
])("jobs on $engine", { concurrent: true }, ({ open }) => {
  it("are done at the start and once more, by one worker at a time", async ({ expect }) => {
    await using queue = await open();
    let [running, most, runs] = [0, 0, 0];
    const job = jobThat(async () => {
      most = Math.max(most, ++running);
      await delay(700);
      running--;
      runs++;
    });
    // An embedded database has one process, which takes what is under way at its start for a dead one's.
    const workers = await Promise.all(
      Array.from({ length: queue.isEmbedded ? 1 : 2 }, () => startWorker(queue, [job])),
    );
    await expect.poll(() => runs, { timeout: 60_000, interval: 100 }).toBeGreaterThanOrEqual(2);
    await Promise.all(workers.map((worker) => worker.stop(2000)));
    expect(most).toBe(1);
  });

  it("stop in the middle when the server does, and go on elsewhere", async ({ expect }) => {
    await using queue = await open();
    const began = Promise.withResolvers<void>();
    const first = await startWorker(queue, [
      jobThat(async ({ signal }) => {
        began.resolve();
        await delay(60_000, undefined, { signal });
      }),
    ]);
    await began.promise;
    const stopped = performance.now();
    await first.stop(2500);
    expect(performance.now() - stopped).toBeLessThan(10_000);
    let isDone = false;
    const second = await startWorker(queue, [
      jobThat(() => {
        isDone = true;
        return Promise.resolve();
      }),
    ]);
    await expect.poll(() => isDone, { timeout: 60_000 }).toBe(true);
    await second.stop(2000);
  });

  it("are tried again after a failure", async ({ expect }) => {
    await using queue = await open();
    let runs = 0;
    const job = jobThat(
      () => {
        if (++runs === 1) throw new Error("the store is away");
        return Promise.resolve();
      },
      { againAfter: 3600 },
    );
    const worker = await startWorker(queue, [job]);
    await expect.poll(() => runs, { timeout: 90_000, interval: 200 }).toBe(2);
    await worker.stop(2000);
  });

  it("are not done with a payload of another version, which waits for a worker that knows it", async ({
    expect,
  }) => {
    await using queue = await open();
    const newer = new PgBoss({ db: queue.db, schema: JOBS_SCHEMA, migrate: false });
    await newer.start();
    await newer.createQueue("test", { policy: "stately" });
    await newer.send("test", { version: 2 }, { retryLimit: 5, retryDelay: 3600 });
    await newer.stop({ close: false });
    let runs = 0;
    const job = jobThat(() => {
      runs++;
      return Promise.resolve();
    });
    const worker = await startWorker(queue, [job]);
    const stateOf = async () => {
      const { rows } = await sql<{ state: string }>`
        SELECT state FROM storage_jobs.job WHERE data ->> 'version' = '2'`.execute(queue.kysely);
      return rows[0]?.state;
    };
    await expect.poll(stateOf, { timeout: 60_000, interval: 200 }).toBe("retry");
    await worker.stop(2000);
    expect(runs).toBe(0);
  });
});

it.concurrent("what an embedded worker was at when it was killed does not hold up the next one", async ({
  expect,
}) => {
  await using queue = await openOnPglite();
  // As a kill leaves it: taken, and nobody there.
  const dead = new PgBoss({ db: queue.db, schema: JOBS_SCHEMA, migrate: false });
  await dead.start();
  await dead.createQueue("test", { policy: "stately", heartbeatSeconds: 3600 });
  await dead.send("test", { version: 1 });
  expect(await dead.fetch("test")).toHaveLength(1);
  await dead.stop({ graceful: false, close: false });
  let runs = 0;
  const job = jobThat(() => {
    runs++;
    return Promise.resolve();
  });
  const worker = await startWorker(queue, [job]);
  await expect.poll(() => runs, { timeout: 60_000, interval: 200 }).toBeGreaterThan(0);
  await worker.stop(2000);
});

it.concurrent("what a worker was at when it was killed is taken up by another", async ({ expect }) => {
  await using queue = await openOnPostgres();
  const script = join(import.meta.dirname, "job-worker.ts");
  const victim = spawn(process.execPath, [script, queue.url, "test"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(victim.stdout, "data");
  victim.kill("SIGKILL");
  await once(victim, "exit");
  let isDone = false;
  const survivor = await startWorker(queue, [
    jobThat(
      () => {
        isDone = true;
        return Promise.resolve();
      },
      { againAfter: 3600 },
    ),
  ]);
  await expect.poll(() => isDone, { timeout: 90_000, interval: 200 }).toBe(true);
  await survivor.stop(2000);
  const { rows } = await sql<{ retried: number }>`
    SELECT count(*)::int AS retried FROM storage_jobs.job WHERE name = 'test' AND retry_count > 0`.execute(
    queue.kysely,
  );
  expect(rows).toEqual([{ retried: 1 }]);
});
