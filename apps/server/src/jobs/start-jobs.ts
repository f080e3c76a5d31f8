import { JOBS_SCHEMA } from "@audiotricks/migrations";
import { type Db, PgBoss } from "pg-boss";
import { z } from "zod";
import type { Job, JobContext } from "./job.ts";

/** A payload of another version is left to a worker that knows it. */
const payload = z.object({ version: z.literal(1), isAgain: z.boolean().default(false) });
type Payload = z.input<typeof payload>;

export interface JobTimings {
  /** How often a worker looks for work. */
  pollSeconds: number;
  /** Without a sign of life for this long, a worker is taken for dead. At least 10. */
  heartbeatSeconds: number;
  /** How often somebody looks for the dead. */
  superviseSeconds: number;
}

const TIMINGS: JobTimings = { pollSeconds: 3, heartbeatSeconds: 30, superviseSeconds: 30 };

export interface RunningJobs {
  /** Lets running jobs come to a stop, for at most `graceMs`; what they have not done is another worker's. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Does the jobs, one of each kind at a time however many servers there are. What a server was at when it was killed is
 * taken up by another; the schema must be there (`migrateJobs`).
 */
export async function startJobs(options: {
  db: Db;
  isEmbedded: boolean;
  jobs: readonly Job[];
  context: Omit<JobContext, "signal">;
  timings?: JobTimings;
}): Promise<RunningJobs> {
  const { db, isEmbedded, jobs, context, timings = TIMINGS } = options;
  const { log } = context;
  const { superviseSeconds } = timings;
  const boss = new PgBoss({
    db,
    backend: isEmbedded ? "pglite" : "postgres",
    schema: JOBS_SCHEMA,
    migrate: false,
    createSchema: false,
    superviseIntervalSeconds: superviseSeconds,
    monitorIntervalSeconds: superviseSeconds,
    // A few jobs an hour bloat nothing, and one session has no time to look.
    reindex: false,
    monitorVacuum: false,
    openTelemetry: { enabled: false },
  });
  boss.on("error", (err) => log.error({ err }, "the job queue is in trouble"));
  boss.on("warning", ({ message, data }) => log.warn({ data }, `job queue: ${message}`));
  const stopping = new AbortController();

  try {
    await boss.start();
    for (const job of jobs) {
      if (isEmbedded) await giveUpDead(boss, job.name);
      await openQueue(boss, job, timings);
    }
    for (const job of jobs) await work(job);
  } catch (error) {
    await boss.stop({ graceful: false, close: false });
    throw error;
  }

  async function work(job: Job): Promise<void> {
    await boss.work(job.name, { pollingIntervalSeconds: timings.pollSeconds }, async ([taken]) => {
      if (taken === undefined) return;
      const { isAgain } = payload.parse(taken.data);
      if (job.againAfter !== undefined && !isAgain) {
        const again: Payload = { version: 1, isAgain: true };
        await boss.send(job.name, again, { startAfter: job.againAfter });
      }
      const signal = AbortSignal.any([taken.signal, stopping.signal]);
      // All that one run says can be found together.
      const ofRun = log.child({ job: job.name, jobId: taken.id });
      await runLogged(job, { ...context, log: ofRun, signal });
    });
  }

  return {
    stop: async (graceMs) => {
      stopping.abort();
      await boss.stop({ graceful: true, timeout: graceMs, close: false });
    },
  };
}

/** Safe to repeat; what a newer release wants of a queue comes into force. */
async function openQueue(boss: PgBoss, job: Job, { heartbeatSeconds }: JobTimings): Promise<void> {
  const { name, cron, expiresAfter, isMadeUpFor } = job;
  const options = {
    expireInSeconds: expiresAfter,
    heartbeatSeconds,
    retryLimit: 5,
    retryDelay: 10,
    retryBackoff: true,
    // Whoever asks for one that is waiting already has what they want.
    retentionSeconds: 24 * 3600,
    deleteAfterSeconds: 24 * 3600,
  };
  await boss.createQueue(name, { policy: "stately", ...options });
  await boss.updateQueue(name, options);
  const data: Payload = { version: 1 };
  await boss.schedule(name, cron, data, { tz: "UTC", missed: isMadeUpFor ? "once" : "skip" });
  // What crashed before this server started waits for no minute.
  if (job.againAfter !== undefined) await boss.send(name, data);
}

/** Where nobody else can be at work, what is taken was taken by one that was killed: no need to wait for its heartbeat. */
async function giveUpDead(boss: PgBoss, name: string): Promise<void> {
  if ((await boss.getQueue(name)) === null) return;
  for (const { id, state } of await boss.findJobs(name)) if (state === "active") await boss.fail(name, id);
}

async function runLogged(job: Job, context: JobContext): Promise<void> {
  const { log, signal } = context;
  const start = performance.now();
  try {
    await job.run(context);
    log.debug({ durationMs: Math.round(performance.now() - start) }, "a job is done");
  } catch (err) {
    if (signal.aborted) log.info("stopped before the end; it goes on elsewhere or later");
    else log.error({ err }, "a job failed; it is tried again");
    throw err;
  }
}
