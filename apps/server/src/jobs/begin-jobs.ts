import { setTimeout as delay } from "node:timers/promises";
import { migrateJobs } from "@audiotricks/migrations";
import { type Budgets, type Cdn, createStorage, type Providers } from "@audiotricks/storage";
import type { JobDatabase } from "../database.ts";
import type { Logger } from "../logger.ts";
import type { JobContext } from "./job.ts";
import { JOBS } from "./jobs.ts";
import type { RunningJobs } from "./start-jobs.ts";

const TRY_AGAIN_AFTER_MS = 30_000;

interface JobsOptions {
  database: JobDatabase;
  providers: Providers;
  budgets: Budgets;
  cdn: Cdn | undefined;
  databaseBackup?: JobContext["databaseBackup"];
  log: Logger;
  onSwept?: JobContext["onSwept"];
}

/** Brings this server's worker to life, also where the database is away at the moment; nobody waits for it. */
export function beginJobs(options: JobsOptions): RunningJobs {
  const { log } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const opening = begin();

  async function begin(): Promise<RunningJobs | undefined> {
    while (!signal.aborted) {
      try {
        return await openJobs(options);
      } catch (err) {
        if (signal.aborted) break;
        log.error({ err }, "the jobs could not be started; trying again");
        await delay(TRY_AGAIN_AFTER_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    return undefined;
  }

  return {
    stop: async (graceMs) => {
      stopping.abort();
      const jobs = await Promise.race([opening, delay(graceMs, undefined, { ref: false })]);
      await jobs?.stop(graceMs);
    },
  };
}

/** With a database and stores of its own. */
async function openJobs({
  database,
  providers,
  budgets,
  cdn,
  databaseBackup,
  log,
  onSwept,
}: JobsOptions): Promise<RunningJobs | undefined> {
  const schema = await migrateJobs(database.db);
  if (schema.state === "newer") {
    // The release before runs on: uploads do, and jobs are done by servers of the new one.
    log.warn(schema, "the job queue belongs to a newer release; this server takes uploads and does no jobs");
    return undefined;
  }
  const { startJobs } = await import("./start-jobs.ts");
  const storage = createStorage({
    db: database.db,
    providers,
    budgets,
    cdn,
    onError: (err) => log.error({ err }, "failed in the background"),
  });
  try {
    const running = await startJobs({
      db: await database.openQueue(),
      isEmbedded: database.isEmbedded,
      jobs: JOBS,
      context: { storage, databaseBackup, log, onSwept },
    });
    return {
      stop: async (graceMs) => {
        await running.stop(graceMs);
        await storage.close();
      },
    };
  } catch (error) {
    await storage.close();
    throw error;
  }
}
