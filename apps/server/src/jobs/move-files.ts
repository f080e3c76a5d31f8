import type { Job } from "./job.ts";

/** Files on their way to another bucket: with their workspace, to a cold one, or back. */
export const moveFiles: Job = {
  name: "move-files",
  cron: "* * * * *",
  isMadeUpFor: false,
  expiresAfter: 900,
  run: async ({ storage, log, signal }) => {
    const { failures, finished, ...done } = await storage.moveFiles({ signal });
    for (const failure of failures)
      log.warn(failure, "a file could not be moved to its workspace's bucket; it is tried again");
    for (const workspaceId of finished)
      log.info({ workspaceId }, "all files of a workspace are in their new bucket");
    if (Object.values(done).some((number) => number > 0)) log.info(done, "moved files");
  },
};
