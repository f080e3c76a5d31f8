import { type SessionState, UploadError } from "@audiotricks/protocol";
import {
  type AdminSession,
  type AdminSessionsQuery,
  type AdminSessionsResponse,
  adminSession,
} from "@audiotricks/protocol/admin";
import { sql } from "kysely";
import { formatCursor, parseCursor } from "../cursor.ts";
import { iso } from "./period.ts";
import type { Read } from "./read-bounded.ts";

const OPEN: readonly SessionState[] = ["creating", "active", "completing"];

/** Newest first, a page at a time. */
export function listAdminSessions(query: AdminSessionsQuery): Read<AdminSessionsResponse> {
  const { state, limit, userId = null, workspaceId = null, providerId = null } = query;
  const after = query.cursor === undefined ? undefined : parseCursor(query.cursor);
  const states: readonly SessionState[] =
    state === "open" ? OPEN : state === "stuck" ? [...OPEN, "aborting"] : [state];
  return async (db) => {
    const { rows } = await sql<AdminSessionRow>`
      SELECT ${ADMIN_SESSION}, (extract(epoch FROM u.created_at) * 1000000)::bigint::text AS micros
      FROM multipart_uploads u JOIN file_storage f ON f.id = u.file_storage_id
      WHERE u.status = ANY (${states}::text[]) AND (${state !== "stuck"} OR ${STUCK} IS NOT NULL)
        AND (${userId}::uuid IS NULL OR u.user_id = ${userId}::uuid)
        AND (${workspaceId}::uuid IS NULL OR u.workspace_id = ${workspaceId}::uuid)
        AND (${providerId}::uuid IS NULL OR f.storage_provider_id = ${providerId}::uuid)
        AND (${after === undefined} OR (u.created_at, u.id)
          < (to_timestamp(0) + ${after?.micros ?? "0"}::bigint * interval '1 microsecond', ${after?.id ?? null}::uuid))
      ORDER BY u.created_at DESC, u.id DESC
      LIMIT ${limit + 1}`.execute(db);
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      sessions: page.map(toAdminSession),
      nextCursor:
        rows.length > limit && last !== undefined
          ? formatCursor({ micros: last.micros, id: last.sessionId })
          : null,
    };
  };
}

/** A lease is renewed while somebody works, and the sweep comes every half minute: ten minutes are neither. */
const STUCK = sql<string | null>`CASE
  WHEN u.status NOT IN ('creating', 'active', 'completing', 'aborting') THEN NULL
  WHEN u.status = 'aborting' OR u.complete_sent_at IS NOT NULL OR u.complete_asked THEN
    CASE WHEN greatest(u.updated_at, u.lease_expires_at) < now() - interval '10 minutes' THEN 'unfinished' END
  WHEN u.expires_at < now() - interval '10 minutes' THEN 'expired'
  WHEN u.updated_at < now() - interval '1 hour' THEN 'silent' END`;

/** Columns of `multipart_uploads u` and `file_storage f`. */
export const ADMIN_SESSION = sql`u.id AS "sessionId", u.file_storage_id AS "fileId", u.status AS state,
  u.original_filename AS "fileName", u.total_file_size::float8 AS "fileSize", u.uploaded_bytes::float8 AS "uploadedBytes",
  u.user_id AS "userId", u.workspace_id AS "workspaceId", f.storage_provider_id AS "providerId", ${iso("u.created_at")} AS "createdAt",
  ${iso("u.updated_at")} AS "updatedAt", ${iso("u.expires_at")} AS "expiresAt", u.error_code AS "errorCode", ${STUCK} AS stuck`;

interface AdminSessionRow extends AdminSession {
  micros: string;
}

function toAdminSession(row: object): AdminSession {
  return adminSession.parse(row);
}

export function noSuchUpload(): UploadError {
  return new UploadError("session_not_found", "No such upload.");
}
