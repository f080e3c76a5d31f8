import type {
  CancelResponse,
  CompleteUploadRequest,
  CompleteUploadsRequest,
  CompleteUploadsResponse,
  Completion,
  ConfigResponse,
  CreatedUpload,
  CreateShareRequest,
  CreateUploadResult,
  DeriveFileRequest,
  DownloadRequest,
  DownloadResponse,
  FileRecord,
  ListAuditQuery,
  ListAuditResponse,
  ListFilesQuery,
  ListFilesResponse,
  ListUsageQuery,
  ListUsageResponse,
  NewUpload,
  PartUrl,
  QuotaResponse,
  ShareLink,
  SignPartsRequest,
  StoredPart,
  UpdateFileRequest,
  UploadSession,
} from "@audiotricks/protocol/messages";
import type { AuditLog } from "./audit/audit-log.ts";
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

/** Whose quota is asked for, beside a workspace's where one is named. */
export interface QuotaQuestion {
  userId: string;
  workspaceId?: string | undefined;
}

/**
 * A service of ours, such as the one that processes audio. It works for the owners of files: it may read any file, make
 * files of it, and bring the uploads of those to their end; nothing else.
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
  quota(principal: Principal, workspaceId?: string): Promise<QuotaResponse>;
  /** For many who signed in, in a statement for every hundred; `null` for whoever does not, or no longer, reach the workspace. */
  quotas(questions: readonly QuotaQuestion[]): Promise<(QuotaResponse | null)[]>;
  /** What was used by period, newest first: the caller's, or a workspace's. Days are written by `upkeep.recountUsage`. */
  usage(principal: Principal, query: ListUsageQuery): Promise<ListUsageResponse>;
  s3: S3Compat;
  s3Tokens: S3Tokens;
  audit: AuditLog & { list(principal: Principal, query: ListAuditQuery): Promise<ListAuditResponse> };
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
    options?: { idempotencyKey?: string },
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
  get(caller: Caller, fileId: string): Promise<FileRecord>;
  update(principal: Principal, fileId: string, change: UpdateFileRequest): Promise<FileRecord>;
  delete(principal: Principal, fileId: string): Promise<FileRecord>;
  download(caller: Caller, fileId: string, request: DownloadRequest): Promise<DownloadResponse>;
  /** Begins the upload of a file made of this one. It is its owner's, and goes when the other goes. */
  derive(
    service: ServicePrincipal,
    fileId: string,
    request: DeriveFileRequest,
    options?: { idempotencyKey?: string },
  ): Promise<CreatedUpload>;
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
  open(token: string): Promise<DownloadResponse>;
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
  /** Stable: an `UploadErrorCode`, or `scanner_unavailable` or `inspection_failed`. `internal` is a fault of ours or of a row; it does not pass by itself. */
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
  /** Once a day: makes the coming months of the operations log and the audit log, and drops the old ones; with them share links that ended a month ago. */
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
}
