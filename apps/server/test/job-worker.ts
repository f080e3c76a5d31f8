import { pino } from "pino";
import { openPostgres } from "../src/database.ts";
import type { JobContext } from "../src/jobs/job.ts";
import { startJobs } from "../src/jobs/start-jobs.ts";

// A worker that begins the job of its test and never ends it: to be killed in the middle.
const [url = "", name = ""] = process.argv.slice(2);
const log = pino({ level: "silent" });
const { jobs } = await openPostgres(url, log);
await startJobs({
  db: await jobs.openQueue(),
  isEmbedded: false,
  jobs: [
    {
      name,
      cron: "0 0 1 1 *",
      againAfter: 3600,
      isMadeUpFor: false,
      expiresAfter: 600,
      run: async () => {
        process.stdout.write("began\n");
        await new Promise(() => setInterval(() => undefined, 1000));
      },
    },
  ],
  // The job asks it for nothing.
  context: { log, storage: {} as JobContext["storage"] },
  timings: { pollSeconds: 0.5, heartbeatSeconds: 10, superviseSeconds: 1 },
});
