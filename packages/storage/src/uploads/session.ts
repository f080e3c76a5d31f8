import {
  isTerminalSessionState,
  type SessionState,
  UPLOAD_ERRORS,
  UploadError,
  type UploadErrorCode,
} from "@audiotricks/protocol";
import type { GroupMark, StoredPart, UploadMethod, UploadSession } from "@audiotricks/protocol/messages";
import { sql } from "kysely";
import { ACCESS, type Access } from "../access/access-table.ts";
import type { CallerContext } from "../access/caller-context.ts";
import type { Tenant } from "../access/tenant.ts";
import { pinnedTypeOf } from "../pinned-type.ts";
import type { OperationSubject } from "../s3/s3-connection.ts";
import type { StorageContext } from "../storage-context.ts";
import type { Store } from "../stores.ts";
import { markOf } from "./file-groups.ts";

/** One upload session with what its file's row adds. */
export interface Session {
  id: string;
  fileId: string;
  state: SessionState;
  target: MultipartTarget | PutTarget;
  origin: "v1" | "s3" | "sql" | "derived";
  /** Of the final object. */
  key: string;
  name: string;
  extension: string;
  /** Decided by us at birth; the object is stored and served as this. */
  mimeType: string;
  /** How the stored bytes are packed; the object says so to whoever fetches it. */
  contentEncoding: string | null;
  /** Where `isSizeKnown` is false: the most it may have. */
  fileSize: number;
  isSizeKnown: boolean;
  partSize: number;
  partCount: number;
  /** What the object's ETag must be; known from the moment Complete is about to be sent. */
  expectedEtag: string | null;
  /** How long ago Complete (or the copy into place) may have reached the store; null if it cannot have. */
  completeSentAgoMs: number | null;
  /** Someone is working on it right now. */
  isLeased: boolean;
  isExpired: boolean;
  /** Times that someone took over what another had begun. */
  takeovers: number;
  providerId: string;
  userId: string | null;
  workspaceId: string | null;
  /** Of the files that it is stored together with. */
  group: GroupMark | null;
  createdAt: Date;
  expiresAt: Date;
  error: { code: UploadErrorCode; message: string } | null;
}
export interface MultipartTarget {
  method: "multipart";
  /** The store's id; null while `creating`. */
  uploadId: string | null;
}
export interface PutTarget {
  method: "put";
  /** Where the bytes land before they are acknowledged. */
  tempKey: string;
  /** The bytes that were chosen, once they are. */
  putEtag: string | null;
}

type FoundSessions = ReturnType<Tenant["sessions"]>;

function allSessions({ db }: Pick<StorageContext, "db">): FoundSessions {
  return db.selectFrom("multipart_uploads as u").innerJoin("file_storage as f", "f.id", "u.file_storage_id");
}

function selectSession(found: FoundSessions, { clock }: Pick<StorageContext, "clock">) {
  return found.select([
    "u.id",
    "u.file_storage_id",
    "u.status",
    "u.upload_method",
    "u.origin",
    "u.spaces_upload_id",
    "u.temp_path",
    "u.put_etag",
    "u.original_filename",
    "u.total_file_size",
    "u.size_known",
    "u.chunk_size",
    "u.total_chunks",
    "u.retry_count",
    "u.user_id",
    "u.workspace_id",
    "u.created_at",
    "u.expires_at",
    "u.error_code",
    "u.error_message",
    "f.storage_path",
    "f.storage_provider_id",
    "f.file_extension",
    "f.content_encoding",
    "f.etag",
    sql<unknown>`f.metadata -> '$group'`.as("group_value"),
    sql<boolean>`coalesce(u.lease_expires_at > ${clock.now()}, false)`.as("is_leased"),
    sql<boolean>`u.expires_at <= ${clock.now()}`.as("is_expired"),
    sql<number | null>`(extract(epoch FROM ${clock.now()} - u.complete_sent_at) * 1000)::double precision`.as(
      "complete_sent_ago_ms",
    ),
  ]);
}
type SessionRow = Awaited<ReturnType<ReturnType<typeof selectSession>["executeTakeFirstOrThrow"]>>;

/** @throws {UploadError} `session_not_found` for an absent one and for someone else's alike. */
export async function getOwnSession(context: CallerContext, access: Access, id: string): Promise<Session> {
  const row = await ownSessions(context, access).where("u.id", "=", id).executeTakeFirst();
  if (row === undefined) throw sessionNotFound();
  return toSession(row);
}

/** Those of the sessions that are the caller's own. */
export async function findOwnSessions(
  context: CallerContext,
  access: Access,
  ids: readonly string[],
): Promise<Map<string, Session>> {
  if (ids.length === 0) return new Map();
  const rows = await ownSessions(context, access).where("u.id", "in", ids).execute();
  return new Map(rows.map((row) => [row.id, toSession(row)]));
}

function ownSessions(context: CallerContext, access: Access) {
  return selectSession(context.tenant.sessions(access), context);
}

/** For work that no user asked for: sweeps, and going on with what was begun. */
export async function findSession(context: StorageContext, id: string): Promise<Session | undefined> {
  const row = await selectSession(allSessions(context), context).where("u.id", "=", id).executeTakeFirst();
  return row === undefined ? undefined : toSession(row);
}

export async function getSession(context: StorageContext, id: string): Promise<Session> {
  const session = await findSession(context, id);
  if (session === undefined) throw sessionNotFound();
  return session;
}

export async function findSessions(
  context: StorageContext,
  ids: readonly string[],
): Promise<Map<string, Session>> {
  if (ids.length === 0) return new Map();
  const rows = await selectSession(allSessions(context), context).where("u.id", "in", ids).execute();
  return new Map(rows.map((row) => [row.id, toSession(row)]));
}

/** By the key of the final object, an open one before one that is over; of a key without a row there is none. */
export async function findSessionsByKey(
  context: StorageContext,
  providerId: string,
  keys: readonly string[],
): Promise<Map<string, Session>> {
  if (keys.length === 0) return new Map();
  const rows = await selectSession(allSessions(context), context)
    .where("f.storage_provider_id", "=", providerId)
    .where("f.storage_path", "in", keys)
    .orderBy(sql`u.status NOT IN ('completed', 'aborted', 'failed')`)
    .execute();
  return new Map(rows.map((row) => [row.storage_path, toSession(row)]));
}

export async function listOpenSessions(context: CallerContext): Promise<Session[]> {
  const rows = await ownSessions(context, ACCESS.listUploads)
    .where("u.status", "in", ["creating", "active", "completing"])
    .where("u.expires_at", ">", context.clock.now())
    .orderBy("u.created_at", "desc")
    .limit(1000)
    .execute();
  return rows.map(toSession);
}

/**
 * The session that a caller means to go on with, if it is theirs and of the same file: an open one, or one that was completed
 * without the caller's knowledge (another tab did it, or the answer was lost) and whose file is still there.
 */
export async function findResumableSession(
  context: CallerContext,
  wanted: { sessionId: string; name: string; size: number; workspaceId: string | undefined },
): Promise<Session | undefined> {
  const row = await ownSessions(context, ACCESS.createUploads)
    .where("u.id", "=", wanted.sessionId)
    .where((eb) =>
      eb.or([
        eb("u.status", "in", ["creating", "active", "completing"]),
        eb.and([
          eb("u.status", "=", "completed"),
          eb("f.status", "in", ["stored", "processing", "processed"]),
        ]),
      ]),
    )
    .where("u.expires_at", ">", context.clock.now())
    .where("u.original_filename", "=", wanted.name)
    .where("u.total_file_size", "=", wanted.size)
    .where("u.size_known", "=", true)
    .where("u.workspace_id", "is not distinct from", wanted.workspaceId ?? null)
    .executeTakeFirst();
  return row === undefined ? undefined : toSession(row);
}

export async function storeOf(context: Pick<StorageContext, "stores">, session: Session): Promise<Store> {
  const subject: OperationSubject = {
    fileId: session.fileId,
    userId: session.userId,
    workspaceId: session.workspaceId,
  };
  return context.stores.of(session.providerId, subject);
}

export function toUploadSession(session: Session, storedParts: StoredPart[]): UploadSession {
  return {
    sessionId: session.id,
    fileId: session.fileId,
    state: session.state,
    method: session.target.method,
    key: session.key,
    name: session.name,
    size: session.fileSize,
    workspaceId: session.workspaceId,
    partSize: session.partSize,
    partCount: session.partCount,
    storedParts,
    createdAt: session.createdAt.toISOString(),
    expiresAt: session.expiresAt.toISOString(),
    ...(session.group === null ? {} : { group: session.group }),
    error: session.error,
  };
}

/** Whether nothing will ever change about it again. */
export function isOver({ state }: Session): boolean {
  return isTerminalSessionState(state);
}

export function sessionNotFound(): UploadError {
  return new UploadError("session_not_found", "There is no such upload.");
}

/** What a call that needs an open session answers when it is past that. */
export function sessionNotOpen(session: Session): UploadError {
  if (session.state === "completed") return new UploadError("session_completed", "The upload is complete.");
  const hasRunOut = session.isExpired && (session.state === "creating" || session.state === "active");
  const state = hasRunOut ? "expired" : session.state;
  return new UploadError("session_not_open", `The upload is ${state}.`, {
    details: { state, ...(session.error === null ? {} : { error: session.error }) },
  });
}

function toSession(row: SessionRow): Session {
  return {
    id: row.id,
    fileId: row.file_storage_id,
    state: row.status as SessionState,
    target: toTarget(row),
    origin: row.origin as Session["origin"],
    key: row.storage_path,
    name: row.original_filename,
    extension: row.file_extension ?? "",
    mimeType: pinnedTypeOf(row.file_extension ?? ""),
    contentEncoding: row.content_encoding,
    fileSize: Number(row.total_file_size),
    isSizeKnown: row.size_known,
    partSize: Number(row.chunk_size),
    partCount: row.total_chunks,
    expectedEtag: row.etag,
    completeSentAgoMs: row.complete_sent_ago_ms,
    isLeased: row.is_leased,
    isExpired: row.is_expired,
    takeovers: row.retry_count,
    providerId: row.storage_provider_id,
    userId: row.user_id,
    workspaceId: row.workspace_id,
    group: markOf(row.group_value),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    error: toError(row),
  };
}

function toTarget(row: SessionRow): MultipartTarget | PutTarget {
  const method = row.upload_method as UploadMethod;
  if (method === "put" && row.temp_path !== null) {
    return { method, tempKey: row.temp_path, putEtag: row.put_etag };
  }
  return { method: "multipart", uploadId: row.spaces_upload_id };
}

function toError(row: SessionRow): Session["error"] {
  if (row.error_code === null) return null;
  const code = Object.hasOwn(UPLOAD_ERRORS, row.error_code)
    ? (row.error_code as UploadErrorCode)
    : "upload_failed";
  return { code, message: row.error_message ?? "The upload failed." };
}
