import type {
  ActivityQuery,
  ActivityResponse,
  AdminSessionsQuery,
  AdminSessionsResponse,
  AdminUsageQuery,
  AdminUsageResponse,
  ArchiveResponse,
  BackupsQuery,
  BackupsResponse,
  DashboardResponse,
  DatabaseBackupsResponse,
  GrowthQuery,
  GrowthResponse,
  JobsResponse,
  MovesResponse,
  UploadStory,
} from "@audiotricks/protocol/admin";
import type {
  Alert,
  CostsQuery,
  CostsResponse,
  ForecastResponse,
  ListAlertsQuery,
  ListAlertsResponse,
  WhatIfQuery,
  WhatIfResponse,
} from "@audiotricks/protocol/costs";
import type {
  CancelResponse,
  ChangeGroupRequest,
  CompleteUploadRequest,
  CompleteUploadsRequest,
  CompleteUploadsResponse,
  Completion,
  ConfigResponse,
  CreatedUpload,
  CreateExportRequest,
  CreateShareRequest,
  CreateUploadResult,
  DeriveFileRequest,
  DownloadRequest,
  DownloadResponse,
  DropGroupResponse,
  ExportRecord,
  FileRecord,
  FilesEvent,
  GroupState,
  ListAuditQuery,
  ListAuditResponse,
  ListExportsQuery,
  ListExportsResponse,
  ListFilesQuery,
  ListFilesResponse,
  ListUsageQuery,
  ListUsageResponse,
  MatchFilesRequest,
  MatchFilesResponse,
  NewUpload,
  PartUrl,
  QuotaResponse,
  ShareLink,
  SignPartsRequest,
  StoredPart,
  UpdateFileRequest,
  UploadSession,
} from "@audiotricks/protocol/messages";
import type { AlertReport } from "./alerts/watch-alerts.ts";
import type { AuditEntry, AuditLog } from "./audit/audit-log.ts";
import type { Backups } from "./backup/create-backups.ts";
import type { InvisibleReport } from "./cost/measure-invisible.ts";
import type { SampleReport } from "./cost/sample-storage.ts";
import type { DatabaseDumps } from "./dumps/database-dumps.ts";
import type { HealthChange } from "./places/look-at-buckets.ts";
import type { MoveReport } from "./places/move-files.ts";
import type { RateLimiter } from "./rate-limiter.ts";
import type { DeletionOutcome } from "./reconcile/delete-unknown.ts";
import type { FoundObject, ReconcileReport } from "./reconcile/finding.ts";
import type { ReconcileOptions } from "./reconcile/reconcile.ts";

/** Who asks: always our own UUIDs, decided by the host's `authenticate`, never by the request's body. */
export interface Principal {
  userId: string;
  /** May also do what `/v1/admin` is for. */
  isOperator?: boolean;
  /** When this sign-in ends by itself, where that is known: what stays open longer than a request ends with it. */
  expiresAt?: Date;
}

/** What changes while somebody looks: the quota, and how far those are of the newest twenty files there that they may list. */
export interface Standing extends QuotaResponse {
  files: FilesEvent["files"];
}

/** Whose standing is asked for, or a workspace's where one is named. */
export interface QuotaQuestion {
  userId: string;
  workspaceId?: string | undefined;
}

/**
 * A service of ours, such as the one that processes audio. It works for the owners of files: it may read any file, make
 * files of it, and bring the uploads of those to their end; in this process it may also write a user's exports. Nothing else.
 */
export interface ServicePrincipal {
  service: string;
}
export type Caller = Principal | ServicePrincipal;

/**
 * Everything the companion can do. Every method throws `UploadError` and nothing else for what a caller can cause;
 * "not yours" and "absent" are the same error.
 */
export interface Storage {
  config(principal: Principal): Promise<ConfigResponse>;
  uploads: Uploads;
  files: Files;
  shares: Shares;
  exports: Exports;
  quota(principal: Principal, workspaceId?: string): Promise<QuotaResponse>;
  /** For many who signed in, in a statement for every hundred; `null` for whoever does not, or no longer, reach the workspace. */
  standings(questions: readonly QuotaQuestion[]): Promise<(Standing | null)[]>;
  /** What was used by period, newest first: the caller's, or a workspace's. Days are written by `upkeep.recountUsage`. */
  usage(principal: Principal, query: ListUsageQuery): Promise<ListUsageResponse>;
  s3: S3Compat;
  s3Tokens: S3Tokens;
  audit: AuditLog & { list(principal: Principal, query: ListAuditQuery): Promise<ListAuditResponse> };
  costs: Costs;
  /** For operators alone: everything else throws `forbidden`. Each reads one snapshot, for ten seconds at most. */
  analytics: Analytics;
  alerts: Alerts;
  rates: RateLimiter;
  /**
   * Looks into files that were stored: facts of their sound, and what the scanner says of them, if there is one. Safe at any time, by
   * any number of callers; to be called again and again, about every second.
   */
  checkFiles(options?: { signal?: AbortSignal }): Promise<CheckReport>;
  /**
   * Brings to an end what crashed, expired or was left behind. Safe at any time, by any number of callers; to be called about every half
   * minute. Where nobody calls it for `storage_settings.expiry_gap_seconds` (an hour), files that were there do not expire until
   * somebody has answered (`expiryHold`): the database may be one that was restored.
   */
  sweep(options?: { signal?: AbortSignal }): Promise<SweepReport>;
  upkeep: Upkeep;
  /** Copies of stored files in another bucket. */
  backups: Backups;
  /**
   * Looks whether each bucket answers, and writes down its health: by that new uploads go elsewhere, and downloads say that they
   * cannot be had. Safe at any time, by any number of callers; to be called about every ten seconds.
   *
   * @returns The buckets that went down, or came back.
   */
  lookAtBuckets(): Promise<HealthChange[]>;
  /** Backups of the database. */
  dumps: DatabaseDumps;
  /**
   * Moves the files of workspaces that are on their way to another bucket: one round, of `backupMs` at most. Safe at any time, by any
   * number of callers; to be called again and again.
   */
  moveFiles(options?: { signal?: AbortSignal }): Promise<MoveReport>;
  /** Rejects with the reason when database or bucket cannot be reached. */
  checkReady(): Promise<void>;
  /**
   * Lets go of the sessions that are being worked on, and writes out the operations log and what was counted; the database
   * stays the host's to close.
   */
  close(): Promise<void>;
}

export interface Uploads {
  /** One result per file, in order; one bad file fails alone. Repeating it with the same key finds the same sessions. */
  create(
    principal: Principal,
    files: NewUpload[],
    options?: {
      idempotencyKey?: string;
      /** Names of regions, the nearest to whoever uploads first: where uploads that are at home nowhere may go. */
      regions?: readonly string[];
    },
  ): Promise<CreateUploadResult[]>;
  listOpen(principal: Principal): Promise<UploadSession[]>;
  /** With the parts the store holds now. */
  get(caller: Caller, sessionId: string): Promise<UploadSession>;
  signParts(caller: Caller, sessionId: string, request: SignPartsRequest): Promise<PartUrl[]>;
  complete(caller: Caller, sessionId: string, request: CompleteUploadRequest): Promise<Completion>;
  completeMany(
    principal: Principal,
    uploads: CompleteUploadsRequest["uploads"],
  ): Promise<CompleteUploadsResponse["results"]>;
  cancel(caller: Caller, sessionId: string): Promise<CancelResponse>;
}

export interface Files {
  list(principal: Principal, query: ListFilesQuery): Promise<ListFilesResponse>;
  /** Files that may be the same as ones that are about to be sent. */
  match(principal: Principal, request: MatchFilesRequest): Promise<MatchFilesResponse>;
  get(caller: Caller, fileId: string): Promise<FileRecord>;
  update(principal: Principal, fileId: string, change: UpdateFileRequest): Promise<FileRecord>;
  delete(principal: Principal, fileId: string): Promise<FileRecord>;
  /** Has an archived file fetched back; the record says how far that is. */
  recall(principal: Principal, fileId: string): Promise<FileRecord>;
  download(caller: Caller, fileId: string, request: DownloadRequest): Promise<DownloadResponse>;
  /** Has a group wait for fewer files than it was announced with, and opens it if these are there. */
  changeGroup(principal: Principal, groupId: string, request: ChangeGroupRequest): Promise<GroupState>;
  /** Ends all of a group: cancels what is under way, deletes what is there. */
  dropGroup(principal: Principal, groupId: string, workspaceId?: string): Promise<DroppedGroup>;
  /** Begins the upload of a file made of this one. It is its owner's, and goes when the other goes. */
  derive(
    service: ServicePrincipal,
    fileId: string,
    request: DeriveFileRequest,
    options?: { idempotencyKey?: string },
  ): Promise<CreatedUpload>;
  /** The peaks of a file, as they were kept. */
  readWaveform(principal: Principal, fileId: string): Promise<KeptWaveform>;
  /** Keeps peaks (`encodePeaks`) beside the caller's own file, once: those that are there stay. `pending`: to be asked for again. */
  keepWaveform(
    principal: Principal,
    fileId: string,
    peaks: Uint8Array,
  ): Promise<{ state: "stored" | "pending" }>;
  /**
   * Writes a file as it is made, for its owner. Room is made in the quota as it grows, and given back if it fails.
   *
   * @param options.idempotencyKey A repeat finds the file of the first, or writes it again from the beginning where that was cut off.
   * @throws What the source threw, the reason of `signal`, or an `UploadError`: then nothing is left.
   */
  putStream(
    service: ServicePrincipal,
    file: NewFileStream,
    options?: { idempotencyKey?: string; signal?: AbortSignal },
  ): Promise<FileRecord>;
}

/** What was told, and what became of each: of an upload by its session's id, of a file by its own. */
export interface DroppedGroup extends DropGroupResponse {
  ended: { id: string; outcome: AuditEntry["outcome"] }[];
}

/** A file in the format of `decodePeaks`. */
export interface KeptWaveform {
  bytes: Uint8Array;
  etag: string;
}

/** What it costs; for operators. `forbidden` for everybody else. Money is whole millionths of a US dollar. */
export interface Costs {
  report(principal: Principal, query: CostsQuery): Promise<CostsResponse>;
  forecast(principal: Principal): Promise<ForecastResponse>;
  /** Moves nothing. */
  whatIf(principal: Principal, rule: WhatIfQuery): Promise<WhatIfResponse>;
}

/** What `/v1/admin` shows; as `packages/protocol/src/admin.ts` has it. */
export interface Analytics {
  dashboard(principal: Principal): Promise<DashboardResponse>;
  usage(principal: Principal, query: AdminUsageQuery): Promise<AdminUsageResponse>;
  growth(principal: Principal, query: GrowthQuery): Promise<GrowthResponse>;
  activity(principal: Principal, query: ActivityQuery): Promise<ActivityResponse>;
  sessions(principal: Principal, query: AdminSessionsQuery): Promise<AdminSessionsResponse>;
  jobs(principal: Principal): Promise<JobsResponse>;
  backups(principal: Principal, query: BackupsQuery): Promise<BackupsResponse>;
  databaseBackups(principal: Principal): Promise<DatabaseBackupsResponse>;
  moves(principal: Principal): Promise<MovesResponse>;
  archive(principal: Principal): Promise<ArchiveResponse>;
  /** By the id of a session, or of a file. */
  uploadStory(principal: Principal, id: string): Promise<UploadStory>;
}

/** A file that a service makes for a user, such as a transcript: of an extension that `export_file` may have. */
export interface NewFileStream {
  userId: string;
  /** Where it is then for all members; otherwise it is the user's alone. */
  workspaceId?: string;
  name: string;
  /** Taken as it comes, and no faster than the store takes it. Texts (`txt`, `srt`, `vtt`, `json`, `csv`) are stored as gzip. */
  source: AsyncIterable<Uint8Array>;
  /** After a week, unless said otherwise; `null`: it stays. */
  expiresAt?: Date | null;
  metadata?: Record<string, string>;
  /** Bytes as stored, where that is to be less than quota and provider allow. */
  maxSize?: number;
}

/** Archives of many files, made from the bucket to the bucket. */
export interface Exports {
  /**
   * Plans an archive and makes room for it; workers make it (`run`). A repeat with the same key finds the first.
   *
   * @throws {UploadError} `file_not_found`, `file_not_ready` for files named by id; `invalid_request` where there is nothing to export,
   *   or too much; `quota_exceeded`; `too_many_sessions` while others of the caller's are under way.
   */
  create(
    principal: Principal,
    request: CreateExportRequest,
    options?: { idempotencyKey?: string },
  ): Promise<ExportRecord>;
  get(principal: Principal, exportId: string): Promise<ExportRecord>;
  list(principal: Principal, query: ListExportsQuery): Promise<ListExportsResponse>;
  /** Ends one that is under way, or takes the archive away. Safe to repeat. */
  cancel(principal: Principal, exportId: string): Promise<ExportRecord>;
  /** @throws {UploadError} `file_not_ready` while there is no archive (any more). */
  download(principal: Principal, exportId: string): Promise<DownloadResponse>;
  /**
   * Makes archives that wait, one after another, until none does or `signal` says to stop. Any number of workers may; what one was
   * at when it was killed another goes on with, from the last part that the store has.
   */
  run(options?: { signal?: AbortSignal }): Promise<ExportsReport>;
}

/** What one round of making archives came to. */
export interface ExportsReport {
  done: { id: string; files: number; missing: number; bytes: number }[];
  /** By export: tried again later, or given up where the export says so. */
  failures: SweepFailure[];
}

/** What a person should look at; for operators. `forbidden` for everybody else. */
export interface Alerts {
  /** Those raised last come first. */
  list(principal: Principal, query: ListAlertsQuery): Promise<ListAlertsResponse>;
  /** Safe to repeat: whoever was first stays named. `alert_not_found` */
  acknowledge(principal: Principal, alertId: string): Promise<Alert>;
}

/** Links by which a file is read without signing in. */
export interface Shares {
  /** `token` is answered this once. */
  create(
    principal: Principal,
    fileId: string,
    request: CreateShareRequest,
  ): Promise<{ share: ShareLink; token: string }>;
  /** Those that are good now, the newest first. */
  list(principal: Principal, fileId: string): Promise<ShareLink[]>;
  revoke(principal: Principal, fileId: string, shareId: string): Promise<void>;
  endAll(principal: Principal, fileId: string): Promise<void>;
  /** Asks nobody who it is: whoever has the token may. `share_not_found` for whatever reason there is. */
  open(token: string): Promise<DownloadResponse & { fileId: string }>;
}

/**
 * What Uppy Companion's S3 routes need. `uploadId` is our session id: the store's own stays on the server. These
 * routes announce no size, so a ceiling is reserved and the real bytes are counted whenever URLs are signed.
 */
export interface S3Compat {
  /**
   * What stock Uppy 6 sends for a file it does not cut into parts (up to 100 MB by default): an S3 POST form. `fields`
   * has the concrete `key`, the signed policy with its `content-length-range`, and no redirect. Nobody calls
   * Complete for it: the server finishes it by itself.
   */
  presignPost(
    principal: Principal,
    file: S3CompatFile,
  ): Promise<{ url: string; fields: Record<string, string>; expiresIn: number }>;
  createMultipart(principal: Principal, file: S3CompatFile): Promise<{ key: string; uploadId: string }>;
  signPart(
    principal: Principal,
    upload: S3CompatUpload,
    partNumber: number,
  ): Promise<{ url: string; expiresIn: number }>;
  listParts(principal: Principal, upload: S3CompatUpload): Promise<StoredPart[]>;
  complete(
    principal: Principal,
    upload: S3CompatUpload,
    parts: { partNumber: number; etag: string }[],
  ): Promise<{ location: string; key: string; bucket: string }>;
  abort(principal: Principal, upload: S3CompatUpload): Promise<void>;
}

export interface S3CompatFile {
  name: string;
  type: string;
  /** Bytes, where the client put it in its metadata; otherwise the configured ceiling is reserved. */
  size?: number;
  workspaceId?: string;
}
export interface S3CompatUpload {
  key: string;
  uploadId: string;
}

export interface S3Tokens {
  /** `workspaceId`: uploads made with this token go there. */
  issue(
    principal: Principal,
    options?: { workspaceId?: string },
  ): Promise<{ token: string; expiresIn: number }>;
  /** `undefined` for unknown, expired and revoked alike. */
  find(token: string): Promise<(Principal & { workspaceId: string | null }) | undefined>;
  revoke(principal: Principal, token: string): Promise<void>;
}

/** What one round of looking into files came to. */
export interface CheckReport {
  /** Files whose sound was looked into, whatever could be told of it. */
  inspected: number;
  /** Files that the scanner has judged. */
  scanned: number;
  /** Those that must not be had any more, and why: in the scanner's words. */
  quarantined: { id: string; verdict: string }[];
  /** By file: these are looked into again. */
  failures: SweepFailure[];
}

export interface SweepReport {
  /** Files and sessions whose time was up; what they counted is given back. */
  expired: number;
  sessionsAborted: number;
  sessionsCompleted: number;
  filesDeleted: number;
  /** Files that the store now shows, or does not show, to anyone, as their rows say. */
  accessSettled: number;
  /** Objects whose copies the CDN was told to forget. */
  copiesPurged: number;
  /** Multipart uploads at the store that no open session owned. */
  uploadsAborted: number;
  /** Objects under `temp/` that no open session owned. */
  temporaryDeleted: number;
  /** What could not be done this time; it is tried again by the next sweep. */
  failures: SweepFailure[];
  /** Absent: everything expires at its time. */
  expiryHold?: ExpiryHold;
}

/**
 * Files that do not expire until a person has said that their times are right: for a while nobody has looked at this database, so
 * it may have been restored from a backup, and a file's owner may have been told since that it lives longer. What was born later
 * expires as ever.
 */
export interface ExpiryHold {
  /** To be answered by; `null` before a sweep or a reconciliation has come upon it. Another one for each restore. */
  id: string | null;
  /** What was promised in between may be lost. */
  unknownFrom: Date;
  unknownUntil: Date;
  /** Those whose time is over. */
  files: number;
  /** Those whose time is yet to come, which will be held back as well. */
  filesLater: number;
}

export interface HeldFile {
  id: string;
  key: string;
  expiresAt: Date;
  userId: string | null;
  workspaceId: string | null;
}

export interface SweepFailure {
  /** Of a session, a file, an upload at the store or a bucket's provider; or the name of a kind of work that failed as a whole. */
  id: string;
  /** Stable: an `UploadErrorCode`, or `scanner_unavailable`, `inspector_unavailable` or `inspection_failed`. `internal` is a fault of ours or of a row; it does not pass by itself. */
  code: string;
  message: string;
  /** What the store or the database said. */
  cause?: string;
}

export interface SweepPreview {
  /** Sessions and files whose time is up. */
  sessionsToExpire: number;
  filesToExpire: number;
  /** Crashed completions that nobody works on. */
  sessionsToComplete: number;
  sessionsToAbort: number;
  /** Deletes under way that nobody carries out. */
  filesToDelete: number;
  /** Keys at the store, of the buckets that a sweep looks through: of multipart uploads, and of objects under `temp/`. */
  uploadsToAbort: string[];
  temporaryToDelete: string[];
  temporaryToComplete: string[];
  /** Buckets that could not be looked through, by provider id. */
  failures: SweepFailure[];
  /** Absent, both: everything expires at its time. */
  expiryHold?: ExpiryHold;
  filesHeld?: HeldFile[];
}

/** What is done now and then. Each is safe at any time, by any number of callers, and leaves no half-done work. */
export interface Upkeep {
  /** What a sweep would do now. Changes nothing, neither rows nor objects. */
  previewSweep(options?: { signal?: AbortSignal }): Promise<SweepPreview>;
  /** Once a night: compares the live counters with their rows, counts anew those that differ, and writes the history of usage. */
  recountUsage(options?: { signal?: AbortSignal }): Promise<RecountReport>;
  /** Once an hour: counts what lies in each bucket, for `costs`. An hour in which nobody called stays unknown. */
  sampleStorage(options?: { signal?: AbortSignal; slice?: number }): Promise<SampleReport>;
  /** Once a night: looks through the buckets for what is paid for and is no file, for `costs`. */
  measureInvisible(options?: { signal?: AbortSignal }): Promise<InvisibleReport>;
  /** Every few minutes: raises what is beyond its threshold (`alert_rules`), and clears what is no more; each is an event as well. */
  watchAlerts(options?: { signal?: AbortSignal }): Promise<AlertReport>;
  /** Once a day: makes the coming months of the operations log and the audit log, and drops the old ones; with them share links that ended a month ago, exports that are over and the days of old bills. */
  keepOperations(): Promise<OperationsLogReport>;
  /**
   * Once a night, and after a database or a bucket was restored: walks every bucket beside its rows and tells where they
   * disagree, and of every counter that was wrong. Deletes only objects whose row had come to its end.
   */
  reconcile(options?: ReconcileOptions): Promise<ReconcileReport>;
  /**
   * Lets expire what is held back, after a person has seen that its times are right; the next sweep does.
   *
   * @throws {OperatorError} `hold_not_found`, where this is not what is held back: nothing was changed.
   */
  endExpiryHold(holdId: string): Promise<void>;
  /** Deletes an object without a row, after a person has seen it on the list; only if it still is as the list says. */
  deleteUnknownObject(listed: { providerId: string; object: FoundObject }): Promise<DeletionOutcome>;
}

export interface RecountReport {
  /** Users and workspaces that were compared. */
  scopes: number;
  /** None, or something was wrong. They have been counted anew, and the next reconciliation tells of them too. */
  mismatches: CounterMismatch[];
  /** Kinds of files, of a provider or a workspace, whose sums for the dashboard were not what their rows say; they have been mended. */
  mendedTotals: number;
}
export interface CounterMismatch {
  scope: "user" | "workspace";
  scopeId: string;
  counted: Counts;
  actual: Counts;
}
export interface Counts {
  usedBytes: number;
  reservedBytes: number;
  usedFiles: number;
  reservedFiles: number;
}

export interface OperationsLogReport {
  monthsMade: number;
  monthsDropped: number;
  /** Of exports that are over, and of days of bills that nobody works out any more. */
  rowsDropped: number;
}
