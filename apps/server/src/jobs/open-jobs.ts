import type { JobsSchema } from "@audiotricks/migrations";
import { createStorage, type Providers } from "@audiotricks/storage";
import type { OpenDatabase } from "../database.ts";
import type { Logger } from "../logger.ts";
import { JOBS } from "./jobs.ts";
import { type RunningJobs, startJobs } from "./start-jobs.ts";

/** This server's worker, with a database and stores of its own. */
export async function openJobs(options: {
  schema: JobsSchema;
  database: OpenDatabase["jobs"];
  isEmbedded: boolean;
  providers: Providers;
  log: Logger;
}): Promise<RunningJobs & { close(): Promise<void> }> {
  const { schema, database, isEmbedded, providers, log } = options;
  if (schema.state === "newer") {
    // The release before runs on: uploads do, and jobs are done by servers of the new one.
    log.warn(schema, "the job queue belongs to a newer release; this server takes uploads and does no jobs");
    return { stop: () => Promise.resolve(), close: () => Promise.resolve() };
  }
  const storage = createStorage({
    db: database.db,
    providers,
    onError: (err) => log.error({ err }, "failed in the background"),
  });
  try {
    const context = { storage, log };
    const running = await startJobs({ db: database.queue, isEmbedded, jobs: JOBS, context });
    return { stop: (graceMs) => running.stop(graceMs), close: () => storage.close() };
  } catch (error) {
    await storage.close();
    throw error;
  }
}
