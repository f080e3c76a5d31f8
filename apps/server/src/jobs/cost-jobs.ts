import type { Job } from "./job.ts";

const HOUR = 3600;

const sampleStorage: Job = {
  name: "sample-storage",
  // Past the hour that it counts for, beside nothing else.
  cron: "11 * * * *",
  isMadeUpFor: false,
  expiresAfter: HOUR,
  run: async ({ storage, log, signal }) => {
    const report = await storage.upkeep.sampleStorage({ signal });
    signal.throwIfAborted();
    log.debug(report, "counted what lies in the buckets");
  },
};

const measureInvisible: Job = {
  name: "measure-invisible",
  cron: "23 5 * * *",
  isMadeUpFor: true,
  expiresAfter: 6 * HOUR,
  run: async ({ storage, log, signal }) => {
    const { measured, failures } = await storage.upkeep.measureInvisible({ signal });
    for (const failure of failures)
      log.warn(failure, "a bucket was not looked through for what is no file; the next night tries again");
    signal.throwIfAborted();
    log.info({ measured }, "looked through the buckets for what is paid for and is no file");
  },
};

const watchAlerts: Job = {
  name: "watch-alerts",
  cron: "*/5 * * * *",
  isMadeUpFor: false,
  expiresAfter: 600,
  run: async ({ storage, log, signal }) => {
    const { raised, cleared, failures } = await storage.upkeep.watchAlerts({ signal });
    for (const alert of raised) log.warn({ alert }, "an alert was raised; somebody should look");
    for (const alert of cleared) log.info({ alert }, "an alert is over");
    for (const failure of failures) log.error(failure, "a kind of alert could not be looked at");
  },
};

export const COST_JOBS: readonly Job[] = [sampleStorage, measureInvisible, watchAlerts];
