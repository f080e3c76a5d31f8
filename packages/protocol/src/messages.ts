/** Messages of HTTP version 1, as zod schemas. Sizes are bytes; instants are ISO 8601 in UTC; `expiresIn` is seconds. */
import { z } from "zod";
import { AUDIO_EXTENSIONS } from "./audio-types.ts";
import { UPLOAD_ERRORS, type UploadErrorCode } from "./errors.ts";
import { S3_LIMITS } from "./plan-parts.ts";
import { FILE_STATES, SCAN_STATES, SESSION_STATES } from "./states.ts";

/** Most files of one create, most completions of one batch. */
export const MAX_BATCH = 100;
/** Most part numbers of one sign call. */
export const MAX_SIGN_BATCH = 100;

const errorCodes = Object.keys(UPLOAD_ERRORS) as [UploadErrorCode, ...UploadErrorCode[]];

export const errorBody = z.object({
  code: z.enum(errorCodes),
  message: z.string(),
  details: z.record(z.string(), z.unknown()).optional(),
});
export const errorResponse = z.object({ error: errorBody });

const id = z.uuid();
const size = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const partNumber = z.number().int().min(1).max(S3_LIMITS.maxPartCount);
const md5Hex = z.string().regex(/^[0-9a-f]{32}$/);
const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * No control characters: they have no place in a name and end headers early. No half of a surrogate pair, which file systems allow
 * and PostgreSQL and UTF-8 do not.
 */
export const fileName = z
  .string()
  .min(1)
  .max(500)
  .regex(/^[^\p{Cc}\p{Cs}]+$/u, "must be whole Unicode text without control characters");

export const contentKind = z.enum(["audio_file", "export_file", "avatar", "document", "backup"]);
export const contentCategory = z.enum(["workspace-asset", "bulk"]);
export const uploadMethod = z.enum(["put", "multipart"]);
export const accessLevel = z.enum(["private", "workspace", "public"]);

const fileMetadata = z
  .record(z.string().max(100), z.string().max(1000))
  .refine((m) => Object.keys(m).length <= 50);

/** Most files of one group. */
export const MAX_GROUP = 200;
/** What a group is called: `Halo` of the stems of it. */
const groupName = fileName.max(200);
/**
 * Files that are one thing, such as the stems of a piece: `size` of one owner's, into one workspace, each of another name. None of them is
 * anybody's but their owner's and the workspace's admins' until all are stored; the last one makes all of them the workspace's, at once.
 */
export const fileGroup = z.strictObject({
  /** Chosen by whoever uploads. */
  id,
  size: z.number().int().min(2).max(MAX_GROUP),
  name: groupName.optional(),
});

/** A group as one of its files knows it. */
export const groupMark = z.object({
  id,
  name: groupName.optional(),
  /** How many files it waits for. */
  size: z.number().int().min(1).max(MAX_GROUP),
  /** Whether all were there: from then on the access of each file is its own. */
  isOpen: z.boolean(),
});

/** A group does not wait for all that it was announced with: some will not come. What is more than it waits for now changes nothing. */
export const changeGroupRequest = z.strictObject({
  /** Where the group is; the caller's own place if left out. */
  workspaceId: id.optional(),
  size: z.number().int().min(1).max(MAX_GROUP),
});
export const groupState = groupMark.extend({
  /** Files that are there. */
  stored: z.number().int(),
});
export const dropGroupQuery = z.strictObject({ workspaceId: id.optional() });
export const dropGroupResponse = z.object({
  id,
  /** Files that were there, and are deleted or being deleted. */
  deleted: z.number().int(),
  /** Uploads that were under way. */
  cancelled: z.number().int(),
  /** What could not be ended just now: ask again. */
  left: z.number().int(),
});

export const newUpload = z.strictObject({
  /** The caller's own name for this file within the request; comes back with the result. */
  clientId: z.string().min(1).max(200),
  name: fileName,
  size,
  /** What the browser believes; may be empty. The stored type is decided by the server. */
  type: z.string().max(255).default(""),
  /** Milliseconds since 1970, as `File.lastModified`. */
  lastModified: z.number().int().optional(),
  contentType: contentKind.default("audio_file"),
  /** Of an `avatar`: the `workspace-asset` of the workspace that is named, such as its logo; of an `export_file`: a `bulk` one. */
  category: contentCategory.optional(),
  workspaceId: id.optional(),
  metadata: fileMetadata.optional(),
  group: fileGroup.optional(),
  /** A session of the same user, name and size to go on with, open or just completed; ignored when there is no such session. */
  resume: id.optional(),
  /** `put` for one signed PUT, `multipart` for parts; by default decided by size. */
  method: uploadMethod.optional(),
});

export const createUploadsRequest = z.strictObject({
  files: z.array(newUpload).min(1).max(MAX_BATCH),
  /** Names of the provider's regions, the nearest first, as the browser has measured them; a wish, for uploads that are at home nowhere. */
  regions: z
    .array(z.string().regex(/^[a-z0-9-]{1,50}$/))
    .max(20)
    .optional(),
});

export const partUrl = z.object({
  partNumber,
  url: z.string(),
  /** Headers that are part of the signature and that the browser would not send by itself. */
  headers: z.record(z.string(), z.string()),
  /** Exact length of the body, signed. */
  size,
  /** Seconds from the moment of the answer; the browser's own clock is never compared with ours. */
  expiresIn: z.number().int(),
});

export const storedPart = z.object({ partNumber, size, etag: z.string() });

/** What the server read of a file's bytes, whoever claims what; `null`: they do not tell. */
export const soundFacts = z.object({
  format: z.enum(AUDIO_EXTENSIONS).nullable(),
  /** `PCM`, `PCM float`, `FLAC`, `MP3`, `AAC`, `ALAC`, `Vorbis`, `Opus`, or what the file calls it. */
  codec: z.string().nullable(),
  durationSeconds: z.number().nullable(),
  /** Hertz. */
  sampleRate: z.number().int().nullable(),
  bitDepth: z.number().int().nullable(),
  channels: z.number().int().nullable(),
  title: z.string().nullable(),
  artist: z.string().nullable(),
  album: z.string().nullable(),
});

export const fileRecord = z.object({
  id,
  name: z.string(),
  size,
  type: z.string(),
  contentType: contentKind,
  state: z.enum(FILE_STATES),
  accessLevel,
  workspaceId: id.nullable(),
  ownerId: id.nullable(),
  key: z.string(),
  checksumMd5: z.string().nullable(),
  checksumSha256: z.string().nullable(),
  /** Download URLs issued, give or take the last second; whether one was used only the store knows. */
  downloadUrlsIssued: z.number().int(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  /** Stable path; redirects to a fresh signed URL. */
  contentUrl: z.string(),
  /** There once the server has looked into the file, some seconds after it was stored; for `audio_file`. */
  sound: soundFacts.optional(),
  /**
   * There where somebody scans files. `held`: not given out until that is over; `waiting`: given out meanwhile. `infected`, and mostly
   * `too_large`, come with the state `quarantined`; `released`: an operator has said that it is all right.
   */
  scan: z.enum(SCAN_STATES).optional(),
  /** Where anyone reads it without signing in, while it is public and the store has followed. */
  publicUrl: z.string().optional(),
  /** There while the store has not followed the access level yet: until then it is read as before. */
  accessChanging: z.literal(true).optional(),
  /** Of the files that it is one thing with; until that `isOpen` it is its owner's and the workspace's admins' alone. */
  group: groupMark.optional(),
  /** In lists: its peaks are kept, to be had under `/v1/files/{id}/waveform`. */
  waveform: z.literal(true).optional(),
  /**
   * What whoever asks may do with it as it is now, so that nothing is offered that would be refused. There in lists, where one file
   * is read and where it was changed; servers of an earlier release do not tell.
   */
  may: z
    .object({
      rename: z.boolean(),
      delete: z.boolean(),
      /** Make, see and end links. */
      share: z.boolean(),
      /** The levels that it can be given; none where its access is not theirs to change. */
      levels: z.array(accessLevel),
      /** Of a file of a group: say that it is not to wait for all, and end all of it. */
      group: z.boolean().optional(),
    })
    .optional(),
});

/** `pending`: the store has not decided; to be sent again. */
export const keepWaveformResponse = z.object({ state: z.enum(["stored", "pending"]) });

export const uploadSession = z.object({
  sessionId: id,
  fileId: id,
  state: z.enum(SESSION_STATES),
  method: uploadMethod,
  key: z.string(),
  name: z.string(),
  size,
  workspaceId: id.nullable(),
  /** All parts but the last have this size; a single PUT is one part. */
  partSize: size,
  partCount: z.number().int().min(1),
  /** What the store holds now; empty in lists. Never older than the answer. Of a completed session, what the file was made of. */
  storedParts: z.array(storedPart),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  group: groupMark.optional(),
  /** Why it failed, in state `failed`. */
  error: errorBody.nullable(),
});

/** A session as create answers it: with the first signed URLs, and whether it is one that was already open. */
export const createdUpload = uploadSession.extend({ urls: z.array(partUrl), resumed: z.boolean() });

export const createUploadsResponse = z.object({
  /** In the order of the request. */
  results: z.array(
    z.union([
      z.object({ clientId: z.string(), session: createdUpload }),
      z.object({ clientId: z.string(), error: errorBody }),
    ]),
  ),
});

export const listUploadsResponse = z.object({ uploads: z.array(uploadSession) });

export const signPartsRequest = z.strictObject({
  partNumbers: z.array(partNumber).min(1).max(MAX_SIGN_BATCH),
  /** Parts the browser finished since it last asked; shown as live progress, never trusted. */
  finished: z
    .array(z.strictObject({ partNumber, etag: z.string().max(200) }))
    .max(S3_LIMITS.maxPartCount)
    .optional(),
  /** Origins that this browser cannot reach, of those that URLs had before: others are signed as far as there are any. */
  avoidOrigins: z.array(z.string().max(300)).max(4).optional(),
});
export const signPartsResponse = z.object({ urls: z.array(partUrl) });

/** The browser's own account of the upload; marked client-reported wherever it is shown. */
export const clientSummary = z.strictObject({
  durationMs: z
    .number()
    .int()
    .min(0)
    .max(2 ** 31 - 1),
  bytesSent: size,
  retries: z.number().int().min(0).max(1_000_000),
  /** What the browser calls itself. */
  browser: z.string().max(300).optional(),
  /** Of the file, over the time that it was neither paused nor offline. */
  bytesPerSecond: z.number().int().min(0).max(1e12).optional(),
  bytesSentTwice: size.optional(),
  /** Why requests were tried again, the most frequent first. */
  retryCauses: z
    .array(
      z.strictObject({
        cause: z.string().regex(/^[a-z0-9-]{1,40}$/),
        count: z.number().int().min(1).max(1_000_000),
      }),
    )
    .max(10)
    .optional(),
  /** What most of the time went to, if it was slow. */
  slowBecause: z
    .string()
    .regex(/^[a-z]{1,20}$/)
    .optional(),
});

export const completeUploadRequest = z.strictObject({
  md5: md5Hex.optional(),
  /**
   * MD5 over the binary MD5s of all parts in order, as in a multipart ETag. Where the store holds other bytes, the answer is
   * `parts_missing`, and nothing is completed.
   */
  partsMd5: md5Hex.optional(),
  sha256: sha256Hex.optional(),
  summary: clientSummary.optional(),
});
export const completion = z.discriminatedUnion("state", [
  z.object({ state: z.literal("completed"), sessionId: id, file: fileRecord }),
  /** Another caller is at it, or the store has not answered yet: ask again. */
  z.object({ state: z.literal("completing"), sessionId: id, retryAfterMs: z.number().int() }),
]);

export const completeUploadsRequest = z.strictObject({
  uploads: z
    .array(completeUploadRequest.extend({ sessionId: id }))
    .min(1)
    .max(MAX_BATCH),
});
export const completeUploadsResponse = z.object({
  results: z.array(z.union([completion, z.object({ sessionId: id, error: errorBody })])),
});

export const cancelResponse = z.object({ sessionId: id, state: z.enum(["aborting", "aborted", "failed"]) });

export const listFilesQuery = z.strictObject({
  workspaceId: id.optional(),
  cursor: z.string().max(500).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export const listFilesResponse = z.object({ files: z.array(fileRecord), nextCursor: z.string().nullable() });

/** Files of one archive, at most; bytes are bound by the deployment. */
export const MAX_EXPORT_FILES = 10_000;
const exportOptions = {
  /** Of the archive, as `.zip`. */
  name: z.string().min(5).max(200).endsWith(".zip").optional(),
  /** Seconds that it lives once it is there: a week, unless said otherwise. */
  expiresIn: z
    .number()
    .int()
    .min(3600)
    .max(30 * 86_400)
    .default(7 * 86_400),
};
/** What goes into an archive: these files, those that a filter finds, or everything of the caller's. */
export const createExportRequest = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("files"),
    fileIds: z.array(id).min(1).max(MAX_EXPORT_FILES),
    ...exportOptions,
  }),
  z.strictObject({
    kind: z.literal("filter"),
    /** Those of a workspace that the caller may read; otherwise the caller's personal ones. */
    workspaceId: id.optional(),
    contentType: contentKind.exclude(["backup"]).optional(),
    createdFrom: z.iso.datetime().optional(),
    /** Exclusive. */
    createdBefore: z.iso.datetime().optional(),
    ...exportOptions,
  }),
  z.strictObject({ kind: z.literal("user-data"), ...exportOptions }),
]);
export const exportRecord = z.object({
  id,
  kind: z.enum(["files", "user-data"]),
  state: z.enum(["queued", "running", "done", "failed", "cancelled"]),
  name: z.string(),
  /** The archive, once it is `done`. Of `files` it is a file as any other; that of `user-data` is to be had by the export alone. */
  fileId: id,
  /** `missing`: files that were gone, or must not be read any more, when it was their turn; `MISSING.txt` in the archive names them. */
  files: z.object({ total: z.number().int(), done: z.number().int(), missing: z.number().int() }),
  /** Of the archive. */
  bytes: z.object({ total: z.number().int(), done: z.number().int() }),
  createdAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
  /** When the archive goes; `null` before it is there. */
  expiresAt: z.iso.datetime().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
});
export const listExportsQuery = z.strictObject({
  cursor: z.string().max(500).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export const listExportsResponse = z.object({
  exports: z.array(exportRecord),
  nextCursor: z.string().nullable(),
});
/** Most sizes of one question for files of the same content, and most files of its answer. */
export const MAX_MATCH_SIZES = 1_000;
export const MAX_MATCHES = 2_000;
/**
 * Sizes of files that somebody is about to send. What is compared is at the page: a server that compared hashes would be told of
 * files that are never sent.
 */
export const matchFilesRequest = z.strictObject({
  workspaceId: id.optional(),
  sizes: z.array(size).min(1).max(MAX_MATCH_SIZES),
});
/** A file that the caller sees, by which another of its size can be told from it. */
export const fileMatch = z.object({
  fileId: id,
  name: z.string(),
  size,
  createdAt: z.iso.datetime(),
  /** MD5 of the bytes; or, with `-N` behind it, over the binary MD5s of its N parts in order. */
  etag: z.string(),
  /** All parts but the last have this size. */
  partSize: size,
  /** MD5 of its first part, where that is known: most files differ there already. */
  firstPartMd5: md5Hex.nullable(),
  /** Of the caller's own, where the file is one of a group. */
  group: groupMark.optional(),
});
/** Newest first, at most 200 of a size: those of one size may be the stems of one piece. */
export const matchFilesResponse = z.object({ files: z.array(fileMatch) });

/** What operators may read of the audit log; `outcome` is `done`, or the code of the error that was answered. */
export const auditEntry = z.object({
  at: z.iso.datetime(),
  userId: id.nullable(),
  service: z.string().nullable(),
  /** Whoever changed something by the command line: `cli:USER@HOST`. */
  actor: z.string().nullable(),
  isOperator: z.boolean(),
  action: z.string(),
  resource: z.string(),
  resourceId: id.nullable(),
  outcome: z.string(),
  address: z.string().nullable(),
  requestId: z.string().nullable(),
  /** By the command line, what it was and what it is. */
  change: z.record(z.string(), z.unknown()).nullable(),
  times: z.number().int(),
});
export const listAuditQuery = z.strictObject({
  userId: id.optional(),
  /** Exactly as in the entry. */
  actor: z.string().max(304).optional(),
  resourceId: id.optional(),
  cursor: z.string().max(500).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  /** JSON, or a file of comma-separated values, also by `Accept: text/csv`. */
  format: z.enum(["json", "csv"]).optional(),
});
export const listAuditResponse = z.object({
  entries: z.array(auditEntry),
  nextCursor: z.string().nullable(),
});

export const updateFileRequest = z
  .strictObject({ name: fileName.optional(), accessLevel: accessLevel.optional() })
  .refine((change) => Object.keys(change).length > 0, "nothing to change");

export const downloadRequest = z.strictObject({
  /** `inline` is for sound and pictures; everything else is to be saved, whatever is asked. */
  disposition: z.enum(["attachment", "inline"]).default("attachment"),
});
export const downloadResponse = z.object({
  url: z.string(),
  /** A signed URL ends then. That of a public file does not: then is time to ask whether it still is the one. */
  expiresIn: z.number().int(),
});

/** Longest that a share link lasts, in seconds. */
export const MAX_SHARE_SECONDS = 30 * 86_400;
export const createShareRequest = z.strictObject({
  expiresIn: z
    .number()
    .int()
    .min(60)
    .max(MAX_SHARE_SECONDS)
    .default(7 * 86_400),
  /** Without it any number. */
  maxDownloads: z.number().int().min(1).max(10_000).optional(),
});
export const shareLink = z.object({
  id,
  fileId: id,
  createdBy: id.nullable(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  maxDownloads: z.number().int().nullable(),
  /** How often it was followed: exact where there is a most, else give or take the last second. */
  downloads: z.number().int(),
  lastUsedAt: z.iso.datetime().nullable(),
});
/** `url` is the link: whoever has it may read the file. It is told this once. */
export const createShareResponse = z.object({ share: shareLink, url: z.string() });
export const listSharesResponse = z.object({ shares: z.array(shareLink) });

/** A file made of another: `processed` audio, or a `chunk`, a piece of it. */
export const deriveFileRequest = z.strictObject({
  name: fileName,
  size,
  category: z.enum(["processed", "chunk"]),
  metadata: fileMetadata.optional(),
});

export const quotaStatus = z.enum(["normal", "high", "warning", "over_quota"]);
export const quotaScope = z.object({
  scope: z.enum(["user", "workspace"]),
  id,
  usedBytes: size,
  reservedBytes: size,
  /** null: no limit. */
  limitBytes: size.nullable(),
  usedFiles: z.number().int(),
  reservedFiles: z.number().int(),
  limitFiles: z.number().int().nullable(),
  status: quotaStatus,
});
/** The user's own scope, and the workspace's when one was asked for. Every one of them limits an upload. */
export const quotaResponse = z.object({ quotas: z.array(quotaScope) });
/** The data of the event `quota` of `GET /v1/events`. Within a version members are only added. */
export const quotaEvent = quotaResponse.extend({ version: z.literal(1) });
/** How far files are, the newest first: what `GET /v1/files` would say of them. What is not there any more is gone. */
export const filesEvent = z.object({
  version: z.literal(1),
  files: z.array(fileRecord.pick({ id: true, state: true, scan: true })),
});

/** A calendar day of UTC. */
const day = z.iso.date();
export const usagePeriod = z.enum(["day", "week", "month", "year"]);
export const listUsageQuery = z.strictObject({
  period: usagePeriod.default("month"),
  /** The workspace's instead of the caller's own. */
  workspaceId: id.optional(),
  /** `nextCursor` of the page before. */
  cursor: day.refine((date) => date >= "0001", "PostgreSQL has no year 0").optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export const usageEntry = z.object({
  /** First and last day; weeks begin on Monday. */
  startsOn: day,
  endsOn: day,
  /** As counted last in the period; in the one that is not over, as it is now. */
  usedBytes: size,
  usedFiles: z.number().int(),
  /** The most that any count in the period found. */
  peakBytes: size,
  peakFiles: z.number().int(),
  /** As it was then; null: no limit. */
  limitBytes: size.nullable(),
  limitFiles: z.number().int().nullable(),
  countedAt: z.iso.datetime(),
});
/** Newest first. A period in which nothing was counted has no entry. */
export const listUsageResponse = z.object({
  scope: quotaScope.shape.scope,
  id,
  period: usagePeriod,
  entries: z.array(usageEntry),
  nextCursor: day.nullable(),
});

/** What is taken of one kind of content; where there is a category, of that one alone. */
export const kindLimits = z.object({
  contentType: contentKind,
  category: contentCategory.optional(),
  /** Whether it belongs to a workspace, which then has to be named. */
  needsWorkspace: z.boolean(),
  /** Of one file. */
  maxFileSize: size,
  /** Lower case, without dot. */
  allowedExtensions: z.array(z.string()),
  /** What files of these extensions are stored and served as, each once. */
  types: z.array(z.string()),
});

/** `maxFileSize` and `allowedExtensions` are those of audio. */
export const configResponse = z.object({
  maxFileSize: size,
  /** Lower case, without dot. */
  allowedExtensions: z.array(z.string()),
  /** Every kind of content, audio too. Servers of an earlier release do not tell. */
  kinds: z.array(kindLimits).optional(),
  singlePutMaxSize: size,
  preferredPartSize: size,
  maxBatch: z.number().int(),
  maxSignBatch: z.number().int(),
  /** PUTs the store takes at once for one object. */
  maxConcurrentParts: z.number().int(),
});

export const s3TokenResponse = z.object({
  token: z.string(),
  /** To be used as `companionEndpoint` of `@uppy/aws-s3`. */
  companionEndpoint: z.string(),
  expiresIn: z.number().int(),
});

export type FileGroup = z.infer<typeof fileGroup>;
export type GroupMark = z.infer<typeof groupMark>;
export type GroupState = z.infer<typeof groupState>;
export type ChangeGroupRequest = z.infer<typeof changeGroupRequest>;
export type DropGroupQuery = z.infer<typeof dropGroupQuery>;
export type DropGroupResponse = z.infer<typeof dropGroupResponse>;
export type NewUpload = z.infer<typeof newUpload>;
export type CreateUploadsRequest = z.input<typeof createUploadsRequest>;
export type CreateUploadsResponse = z.infer<typeof createUploadsResponse>;
export type CreateUploadResult = CreateUploadsResponse["results"][number];
export type CreatedUpload = z.infer<typeof createdUpload>;
export type UploadSession = z.infer<typeof uploadSession>;
export type ListUploadsResponse = z.infer<typeof listUploadsResponse>;
export type PartUrl = z.infer<typeof partUrl>;
export type StoredPart = z.infer<typeof storedPart>;
export type SignPartsRequest = z.infer<typeof signPartsRequest>;
export type SignPartsResponse = z.infer<typeof signPartsResponse>;
export type CompleteUploadRequest = z.infer<typeof completeUploadRequest>;
export type ClientSummary = z.infer<typeof clientSummary>;
export type Completion = z.infer<typeof completion>;
export type CompleteUploadsRequest = z.infer<typeof completeUploadsRequest>;
export type CompleteUploadsResponse = z.infer<typeof completeUploadsResponse>;
export type CancelResponse = z.infer<typeof cancelResponse>;
export type SoundFacts = z.infer<typeof soundFacts>;
export type FileRecord = z.infer<typeof fileRecord>;
export type ListFilesQuery = z.infer<typeof listFilesQuery>;
export type ListFilesResponse = z.infer<typeof listFilesResponse>;
export type MatchFilesRequest = z.infer<typeof matchFilesRequest>;
export type FileMatch = z.infer<typeof fileMatch>;
export type MatchFilesResponse = z.infer<typeof matchFilesResponse>;
export type ListAuditQuery = z.infer<typeof listAuditQuery>;
export type ListAuditResponse = z.infer<typeof listAuditResponse>;
export type UpdateFileRequest = z.infer<typeof updateFileRequest>;
export type DeriveFileRequest = z.infer<typeof deriveFileRequest>;
export type CreateShareRequest = z.infer<typeof createShareRequest>;
export type CreateShareResponse = z.infer<typeof createShareResponse>;
export type ListSharesResponse = z.infer<typeof listSharesResponse>;
export type ShareLink = z.infer<typeof shareLink>;
export type DownloadRequest = z.infer<typeof downloadRequest>;
export type DownloadResponse = z.infer<typeof downloadResponse>;
export type QuotaScope = z.infer<typeof quotaScope>;
export type QuotaResponse = z.infer<typeof quotaResponse>;
export type FilesEvent = z.infer<typeof filesEvent>;
export type ListUsageQuery = z.infer<typeof listUsageQuery>;
export type ListUsageResponse = z.infer<typeof listUsageResponse>;
export type ConfigResponse = z.infer<typeof configResponse>;
export type S3TokenResponse = z.infer<typeof s3TokenResponse>;
export type ErrorResponse = z.infer<typeof errorResponse>;
export type CreateExportRequest = z.infer<typeof createExportRequest>;
export type ExportRecord = z.infer<typeof exportRecord>;
export type ListExportsQuery = z.infer<typeof listExportsQuery>;
export type ListExportsResponse = z.infer<typeof listExportsResponse>;
export type ContentKind = z.infer<typeof contentKind>;
export type ContentCategory = z.infer<typeof contentCategory>;
export type KindLimits = z.infer<typeof kindLimits>;
export type AccessLevel = z.infer<typeof accessLevel>;
export type UploadMethod = z.infer<typeof uploadMethod>;
