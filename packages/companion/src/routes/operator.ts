import {
  activityEntry,
  activityQuery,
  activityResponse,
  adminSession,
  adminSessionsQuery,
  adminSessionsResponse,
  adminUsageQuery,
  adminUsageResponse,
  archiveQuery,
  archiveResponse,
  archiveRule,
  backupProgress,
  backupsQuery,
  backupsResponse,
  dashboardProvider,
  dashboardQuery,
  dashboardResponse,
  databaseBackup,
  databaseBackupsQuery,
  databaseBackupsResponse,
  growthEntry,
  growthQuery,
  growthResponse,
  jobQueue,
  jobsQuery,
  jobsResponse,
  moveProgress,
  movesQuery,
  movesResponse,
  uploadStory,
  uploadStoryQuery,
  workspaceUsage,
} from "@audiotricks/protocol/admin";
import type { Storage } from "@audiotricks/storage";
import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import type { Guard } from "../access/guard.ts";
import { type CompanionApp, principalOf } from "../companion-env.ts";
import { wantsCsv } from "../csv.ts";
import { failures } from "../openapi-responses.ts";
import { validation } from "../validation.ts";
import { answerCsv, createAddTable, csvOf } from "./tables.ts";

/** What the pages of operators are made of. Nobody else reads any of it. */
export function addOperatorRoutes(app: CompanionApp, { analytics }: Storage, guard: Guard): void {
  const add = createAddTable(app, guard);
  add({
    name: "dashboard",
    action: "readDashboard",
    summary: "What each bucket holds, and how this month's operations went",
    query: dashboardQuery,
    answer: dashboardResponse,
    read: (principal) => analytics.dashboard(principal),
    csv: ({ providers }) => csvOf(dashboardProvider, providers),
  });
  add({
    name: "usage",
    action: "readWorkspaceUsage",
    summary: "What workspaces hold, of how much, and how they grew; those that have most first",
    query: adminUsageQuery,
    answer: adminUsageResponse,
    read: (principal, query) => analytics.usage(principal, query),
    csv: ({ workspaces }) => csvOf(workspaceUsage, workspaces),
  });
  add({
    name: "growth",
    action: "readGrowth",
    summary: "What came, went and was there by period and kind of content",
    query: growthQuery,
    answer: growthResponse,
    read: (principal, query) => analytics.growth(principal, query),
    csv: ({ entries }) => csvOf(growthEntry, entries),
  });
  add({
    name: "activity",
    action: "readActivity",
    summary:
      "Uploads, downloads and calls to the store by period: how many, how they ended, how long they took",
    query: activityQuery,
    answer: activityResponse,
    read: (principal, query) => analytics.activity(principal, query),
    csv: ({ entries }) => csvOf(activityEntry, entries),
  });
  add({
    name: "sessions",
    action: "listSessions",
    summary: "Upload sessions, also those that are stuck; newest first",
    query: adminSessionsQuery,
    answer: adminSessionsResponse,
    read: (principal, query) => analytics.sessions(principal, query),
    csv: ({ sessions }) => csvOf(adminSession, sessions),
  });
  add({
    name: "jobs",
    action: "listJobs",
    summary: "The queues of background jobs: states, last run, last failure",
    query: jobsQuery,
    answer: jobsResponse,
    read: (principal) => analytics.jobs(principal),
    csv: ({ queues }) => csvOf(jobQueue, queues),
  });

  add({
    name: "backups",
    action: "readBackups",
    summary: "How far the copies of files in other buckets are, and what everything can be taken back to",
    query: backupsQuery,
    answer: backupsResponse,
    read: (principal, query) => analytics.backups(principal, query),
    csv: (answer, { table = "backups" }) => csvOf(BACKUP_ROWS[table], answer[table]),
  });
  add({
    name: "database-backups",
    action: "listDatabaseBackups",
    summary: "Backups of the database, newest first",
    query: databaseBackupsQuery,
    answer: databaseBackupsResponse,
    read: (principal) => analytics.databaseBackups(principal),
    csv: ({ backups }) => csvOf(databaseBackup, backups),
  });
  add({
    name: "moves",
    action: "listMoves",
    summary: "Workspaces whose files are on their way to another bucket, and those that were, newest first",
    query: movesQuery,
    answer: movesResponse,
    read: (principal) => analytics.moves(principal),
    csv: ({ moves }) => csvOf(moveProgress, moves),
  });
  add({
    name: "archive",
    action: "readArchive",
    summary: "Which files go to cold buckets, and how many are on their way there and back",
    query: archiveQuery,
    answer: archiveResponse,
    read: (principal) => analytics.archive(principal),
    csv: ({ rules }) => csvOf(archiveRule, rules),
  });

  app.openapi(
    createRoute({
      method: "get",
      path: "/v1/admin/uploads/{id}",
      summary: "All that is known of one upload, by the id of its session or of its file",
      tags: ["operators"],
      middleware: [guard("readUploadStory")],
      request: { params: z.object({ id: z.uuid() }), query: uploadStoryQuery },
      responses: {
        200: {
          description: "Its story; one of its tables as CSV by `format=csv` or `Accept: text/csv`",
          content: { "application/json": { schema: uploadStory }, "text/csv": { schema: z.string() } },
        },
        ...failures("session_not_found"),
      },
    }),
    async (c) => {
      const { format, table = "operations" } = c.req.valid("query");
      const story = await analytics.uploadStory(principalOf(c), c.req.valid("param").id);
      if (!wantsCsv(format, c.req.header("accept"))) return c.json(story, 200);
      return answerCsv(c, csvOf(uploadStory.shape[table].element, story[table]), table);
    },
    validation({ id: "session_not_found" }),
  );
}

const BACKUP_ROWS = {
  backups: backupProgress,
  withoutBackup: backupsResponse.shape.withoutBackup.element,
  failures: backupsResponse.shape.failures.element,
};
