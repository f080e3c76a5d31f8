/** Messages of `/v1/admin`, for operators alone. Sizes are bytes, durations milliseconds, instants ISO 8601 in UTC. */
import { z } from "zod";
import { auditEntry, quotaStatus } from "./messages.ts";
import { SESSION_STATES } from "./states.ts";

const id = z.uuid();
const size = z.number().int();
const count = z.number().int();
const instant = z.iso.datetime();
const ms = z.number().nullable();
const asked = z.iso.datetime({ offset: true });

/** Every table: JSON, or a file of comma-separated values, also by `Accept: text/csv`. */
const format = { format: z.enum(["json", "csv"]).optional() };
const page = {
  cursor: z.string().max(500).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
};
/** From an instant (inclusive) to another (exclusive): the last 30 days, where nothing is said. */
const range = { from: asked.optional(), to: asked.optional() };

/** Longest range that is answered in parts of each length, in days. */
export const MAX_RANGE_DAYS = { hour: 31, day: 400, month: 2000 } as const;
const step = z.enum(["hour", "day", "month"]).default("day");

export const dashboardQuery = z.strictObject(format);
/** One bucket. What is of operations is of this month (UTC). */
export const dashboardProvider = z.object({
  providerId: id,
  providerName: z.string(),
  region: z.string(),
  bucket: z.string(),
  files: count,
  bytes: size,
  audioFiles: count,
  audioBytes: size,
  exportFiles: count,
  exportBytes: size,
  filesStored24h: count,
  downloads: count,
  lastAccessAt: instant.nullable(),
  operations: count,
  failedOperations: count,
  /** Of our calls to the store, in percent; null: there was none. */
  successRate: z.number().nullable(),
  avgUploadMs: ms,
  p50UploadMs: ms,
  p95UploadMs: ms,
  avgDownloadMs: ms,
  /** Whole uploads, as browsers tell: never proved. */
  avgClientUploadMs: ms,
  p50ClientUploadMs: ms,
  p95ClientUploadMs: ms,
  /** Bytes by the price in the settings; no base fee, no egress. */
  estimatedMonthlyCostUsd: z.number(),
  periodStart: instant,
});
export const dashboardResponse = z.object({ at: instant, providers: z.array(dashboardProvider) });

export const adminUsageQuery = z.strictObject({ ...range, ...page, ...format, workspaceId: id.optional() });
export const workspaceUsage = z.object({
  workspaceId: id,
  name: z.string(),
  files: count,
  bytes: size,
  reservedFiles: count,
  reservedBytes: size,
  audioFiles: count,
  audioBytes: size,
  exportFiles: count,
  exportBytes: size,
  downloads: count,
  /** null: no limit. */
  limitBytes: size.nullable(),
  limitFiles: count.nullable(),
  usedPercent: z.number().nullable(),
  status: quotaStatus,
  /** What came less what went in the range, by whole days. */
  grownFiles: count,
  grownBytes: size,
});
/** Those that have most come first. */
export const adminUsageResponse = z.object({
  from: instant,
  to: instant,
  workspaces: z.array(workspaceUsage),
  nextCursor: z.string().nullable(),
});

export const growthQuery = z.strictObject({
  ...range,
  ...format,
  by: step,
  /** One workspace, by the day at the least; otherwise everything. */
  workspaceId: id.optional(),
  providerId: id.optional(),
});
/** A period and a kind of content in which anything happened; totals are those of its end. */
export const growthEntry = z.object({
  period: instant,
  /** Kind of content; a newer release may have others. */
  kind: z.string(),
  filesAdded: count,
  bytesAdded: size,
  filesRemoved: count,
  bytesRemoved: size,
  downloads: count,
  files: count,
  bytes: size,
});
export const growthResponse = z.object({
  from: instant,
  to: instant,
  by: z.enum(["hour", "day", "month"]),
  /** Oldest first. */
  entries: z.array(growthEntry),
});

/**
 * `uploads`: sessions that ended, from birth to end, by method. `browsers`: what browsers tell of their uploads, by family. `calls`:
 * ours to the store, by what they did. `downloads`: URLs that were given out, by kind of content; how long they took nobody tells us.
 */
export const activityMeasure = z.enum(["uploads", "browsers", "calls", "downloads"]);
export const activityQuery = z.strictObject({
  ...range,
  ...format,
  by: step,
  measure: activityMeasure.default("uploads"),
  groupBy: z.enum(["none", "region", "provider", "kind"]).default("none"),
});
export const activityEntry = z.object({
  period: instant,
  /** A region, a provider's id, or a kind of the measure; empty where nothing is grouped by. */
  group: z.string(),
  times: count,
  succeeded: count,
  failed: count,
  cancelled: count,
  bytes: size,
  /** Of those that were not cancelled, in percent; null: there was none. */
  successRate: z.number().nullable(),
  /** Of those that succeeded; read from a histogram, within a tenth. */
  avgMs: ms,
  p50Ms: ms,
  p95Ms: ms,
});
export const activityResponse = z.object({
  from: instant,
  to: instant,
  by: z.enum(["hour", "day", "month"]),
  measure: activityMeasure,
  /** Oldest first. */
  entries: z.array(activityEntry),
});

export const adminSessionsQuery = z.strictObject({
  ...page,
  ...format,
  /** `stuck`: open or ending, and nobody has done anything about it for longer than that takes. */
  state: z.enum(["open", "stuck", ...SESSION_STATES]).default("open"),
  userId: id.optional(),
  workspaceId: id.optional(),
  providerId: id.optional(),
});
export const adminSession = z.object({
  sessionId: id,
  fileId: id,
  /** As in the session; a newer release may have others. */
  state: z.string(),
  fileName: z.string(),
  fileSize: size,
  /** As far as the browser has told; the store knows better. */
  uploadedBytes: size,
  userId: id.nullable(),
  workspaceId: id.nullable(),
  providerId: id,
  createdAt: instant,
  updatedAt: instant,
  expiresAt: instant,
  errorCode: z.string().nullable(),
  /** `silent`: no browser for an hour. `unfinished`: nobody works on what the server has to end. `expired`: past its time. */
  stuck: z.enum(["silent", "unfinished", "expired"]).nullable(),
});
/** Newest first. */
export const adminSessionsResponse = z.object({
  sessions: z.array(adminSession),
  nextCursor: z.string().nullable(),
});

export const jobsQuery = z.strictObject(format);
export const jobQueue = z.object({
  name: z.string(),
  /** When, in UTC; null: only when asked. */
  cron: z.string().nullable(),
  waiting: count,
  active: count,
  retrying: count,
  completed: count,
  failed: count,
  lastStartedAt: instant.nullable(),
  lastCompletedAt: instant.nullable(),
  lastDurationMs: ms,
  lastFailedAt: instant.nullable(),
  /** At most 500 characters. */
  lastError: z.string().nullable(),
});
/** Of the jobs that the queue still remembers: a day. Empty, where no worker has ever run. */
export const jobsResponse = z.object({ queues: z.array(jobQueue) });

const bucket = { providerId: id, providerName: z.string(), region: z.string(), bucket: z.string() };

export const backupsQuery = z.strictObject({
  ...format,
  /** `waiting`: what is copied already is not counted, since that reads the row of every copy. */
  count: z.enum(["all", "waiting"]).default("all"),
  /** Which table of the answer a file has: `backups`, unless said otherwise. */
  table: z.enum(["backups", "withoutBackup", "failures"]).optional(),
});
/** How far one bucket's copies in another are. */
export const backupProgress = z.object({
  ...bucket,
  backupId: id,
  backupBucket: z.string(),
  backupRegion: z.string(),
  /** Whether all files are queued that were there before the backup was. */
  isFilled: z.boolean(),
  pending: count,
  copying: count,
  failed: count,
  /** Of these three. */
  waitingBytes: size,
  /** null: not counted. */
  copied: count.nullable(),
  copiedBytes: size.nullable(),
  /** Copies of deleted files, until their time is over. */
  kept: count.nullable(),
  /** Every file stored before it has its copy, proved; null: nothing can be said yet. */
  recoveryPoint: instant.nullable(),
});
export const backupsResponse = z.object({
  at: instant,
  /** What every bucket can be taken back to; null: there is none, or one cannot say yet. */
  recoveryPoint: instant.nullable(),
  backups: z.array(backupProgress),
  /** Buckets that have files and no backup. */
  withoutBackup: z.array(z.object(bucket)),
  /** Copies that failed and are tried again, those that have waited longest: at most 20. */
  failures: z.array(
    z.object({
      fileId: id,
      backupId: id,
      code: z.string(),
      message: z.string(),
      attempts: count,
      nextAttemptAt: instant,
    }),
  ),
});

export const databaseBackupsQuery = z.strictObject(format);
export const databaseBackup = z.object({
  id,
  ...bucket,
  key: z.string(),
  /** A newer release may have others. */
  state: z.string(),
  engine: z.string(),
  serverVersion: z.string(),
  startedAt: instant,
  endedAt: instant.nullable(),
  size: size.nullable(),
  errorCode: z.string().nullable(),
});
export const databaseBackupsResponse = z.object({
  at: instant,
  /** When the last one was begun that is there as a whole; null: there is none. */
  newestStoredAt: instant.nullable(),
  /** The newest 100 that are not taken away again, newest first. */
  backups: z.array(databaseBackup),
});

export const movesQuery = z.strictObject(format);
/** The files of one workspace on their way to another bucket. */
export const moveProgress = z.object({
  id,
  workspaceId: id,
  /** null: it is gone. */
  workspaceName: z.string().nullable(),
  ...bucket,
  state: z.string(),
  createdAt: instant,
  endedAt: instant.nullable(),
  /** Files: still to be copied, put off after a failure, and those whose row names the new bucket. */
  waiting: count,
  failed: count,
  moved: count,
  movedBytes: size,
  /** Old objects that are still to go. */
  toClear: count,
  /** Of one of those that failed. */
  errorCode: z.string().nullable(),
  errorMessage: z.string().nullable(),
});
/** The newest 200, newest first. */
export const movesResponse = z.object({ moves: z.array(moveProgress) });

export const archiveQuery = z.strictObject(format);
/** Which files go to a cold bucket: all of it holds for them. */
export const archiveRule = z.object({
  id,
  ...bucket,
  /** null: of all workspaces, and of users who are in none. */
  workspaceId: id.nullable(),
  workspaceName: z.string().nullable(),
  olderThanDays: count,
  unusedForDays: count,
  /** null: of any kind. */
  kinds: z.array(z.string()).nullable(),
  leastSize: size,
  isActive: z.boolean(),
});
const onTheirWay = z.object({ waiting: count, failed: count });
export const archiveResponse = z.object({
  rules: z.array(archiveRule),
  /** Files on their way to a cold bucket, and back from there. */
  archiving: onTheirWay,
  recalling: onTheirWay,
});

export const uploadStoryQuery = z.strictObject({
  ...format,
  /** Which table of the answer a file has: `operations`, unless said otherwise. */
  table: z.enum(["parts", "operations", "audit", "events"]).optional(),
});
/** All that is known of one upload. Lists are cut off at 500, oldest first. */
export const uploadStory = z.object({
  session: adminSession.extend({
    method: z.string(),
    origin: z.string(),
    partSize: size,
    partCount: count,
    completeSentAt: instant.nullable(),
    completedAt: instant.nullable(),
    errorMessage: z.string().nullable(),
  }),
  file: z.object({
    id,
    state: z.string(),
    kind: z.string(),
    bytes: size,
    mimeType: z.string().nullable(),
    key: z.string(),
    bucket: z.string(),
    region: z.string(),
    accessLevel: z.string(),
    etag: z.string().nullable(),
    createdAt: instant,
    storedAt: instant.nullable(),
    deletedAt: instant.nullable(),
    expiresAt: instant.nullable(),
    downloads: count,
    lastAccessAt: instant.nullable(),
  }),
  parts: z.array(
    z.object({
      partNumber: count,
      size,
      state: z.string(),
      uploadedAt: instant.nullable(),
      retries: count,
      error: z.string().nullable(),
    }),
  ),
  /** What the browser says of it: never proved; null: it said nothing. */
  client: z
    .object({
      at: instant,
      durationMs: ms,
      bytesSent: size.nullable(),
      report: z.record(z.string(), z.unknown()),
    })
    .nullable(),
  operations: z.array(
    z.object({
      at: instant,
      type: z.string(),
      call: z.string().nullable(),
      status: count.nullable(),
      success: z.boolean().nullable(),
      durationMs: ms,
      attempts: count.nullable(),
      cause: z.string().nullable(),
      error: z.string().nullable(),
      requestId: z.string().nullable(),
    }),
  ),
  audit: z.array(auditEntry),
  /** What was told of it, and whether anybody heard. */
  events: z.array(
    z.object({
      at: instant,
      type: z.string(),
      state: z.string(),
      attempts: count,
      error: z.string().nullable(),
    }),
  ),
});

export type DashboardResponse = z.infer<typeof dashboardResponse>;
export type AdminUsageQuery = z.infer<typeof adminUsageQuery>;
export type AdminUsageResponse = z.infer<typeof adminUsageResponse>;
export type GrowthQuery = z.infer<typeof growthQuery>;
export type GrowthResponse = z.infer<typeof growthResponse>;
export type ActivityQuery = z.infer<typeof activityQuery>;
export type ActivityResponse = z.infer<typeof activityResponse>;
export type AdminSessionsQuery = z.infer<typeof adminSessionsQuery>;
export type AdminSession = z.infer<typeof adminSession>;
export type AdminSessionsResponse = z.infer<typeof adminSessionsResponse>;
export type JobsResponse = z.infer<typeof jobsResponse>;
export type BackupsQuery = z.infer<typeof backupsQuery>;
export type BackupsResponse = z.infer<typeof backupsResponse>;
export type DatabaseBackupsResponse = z.infer<typeof databaseBackupsResponse>;
export type MovesResponse = z.infer<typeof movesResponse>;
export type ArchiveResponse = z.infer<typeof archiveResponse>;
export type UploadStory = z.infer<typeof uploadStory>;
