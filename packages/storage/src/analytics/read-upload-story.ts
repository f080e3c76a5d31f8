import { type UploadStory, uploadStory } from "@audiotricks/protocol/admin";
import { type RawBuilder, sql } from "kysely";
import { listAuditLog } from "../audit/list-audit.ts";
import { ADMIN_SESSION, noSuchUpload } from "./list-admin-sessions.ts";
import { iso } from "./period.ts";
import type { Read } from "./read-bounded.ts";

const MOST = 500;
const AUDIT = 200;

/**
 * All that is known of one upload, by the id of its session or of its file (then its newest session).
 *
 * @throws {UploadError} `session_not_found`
 */
export function readUploadStory(id: string): Read<UploadStory> {
  return async (db) => {
    const { rows } = await sql<{ session: { sessionId: string; fileId: string }; file: object }>`
      SELECT row_to_json(s) AS session, row_to_json(t) AS file FROM (
        SELECT u.id, u.file_storage_id FROM multipart_uploads u
        WHERE u.id = ${id}::uuid OR u.file_storage_id = ${id}::uuid
        ORDER BY u.created_at DESC, u.id LIMIT 1
      ) found
      CROSS JOIN LATERAL (
        SELECT ${ADMIN_SESSION}, u.upload_method AS method, u.origin, u.chunk_size::float8 AS "partSize", u.total_chunks AS "partCount",
          ${iso("u.complete_sent_at")} AS "completeSentAt", ${iso("u.completed_at")} AS "completedAt",
          u.error_message AS "errorMessage"
        FROM multipart_uploads u JOIN file_storage f ON f.id = u.file_storage_id WHERE u.id = found.id
      ) s
      CROSS JOIN LATERAL (
        SELECT f.id, f.status AS state, f.content_type AS kind, f.file_size::float8 AS bytes, f.mime_type AS "mimeType",
          f.storage_path AS key, p.bucket_name AS bucket, p.region, f.access_level AS "accessLevel", f.etag,
          ${iso("f.created_at")} AS "createdAt", ${iso("f.stored_at")} AS "storedAt", ${iso("f.deleted_at")} AS "deletedAt",
          CASE WHEN isfinite(f.expires_at) THEN ${iso("f.expires_at")} END AS "expiresAt", f.download_count::float8 AS downloads,
          ${iso("f.last_accessed_at")} AS "lastAccessAt"
        FROM file_storage f JOIN storage_providers p ON p.id = f.storage_provider_id WHERE f.id = found.file_storage_id
      ) t`.execute(db);
    const [found] = rows;
    if (found === undefined) throw noSuchUpload();
    const { sessionId, fileId } = found.session;
    const list = async (query: RawBuilder<object>) => (await query.execute(db)).rows;
    const parts = await list(sql`
      SELECT chunk_number AS "partNumber", chunk_size::float8 AS size, status AS state, ${iso("uploaded_at")} AS "uploadedAt",
        retry_count AS retries, error_message AS error
      FROM upload_chunks WHERE multipart_upload_id = ${sessionId}::uuid ORDER BY chunk_number LIMIT ${MOST}`);
    const [client] = await list(sql`
      SELECT coalesce(${iso("completed_at")}, ${iso("started_at")}) AS at, duration_ms AS "durationMs", request_size::float8 AS "bytesSent", coalesce(client_report, '{}') AS report
      FROM spaces_operations WHERE file_storage_id = ${fileId}::uuid AND operation_type = 'upload' AND reported_by = 'client'
      ORDER BY started_at DESC LIMIT 1`);
    const operations = await list(sql`
      SELECT ${iso("started_at")} AS at, operation_type AS type, request_headers ->> 'operation' AS call, status_code AS status, success,
        duration_ms AS "durationMs", attempts, cause, error_message AS error, operation_id AS "requestId"
      FROM spaces_operations WHERE file_storage_id = ${fileId}::uuid AND reported_by = 'server'
      ORDER BY started_at, id LIMIT ${MOST}`);
    const events = await list(sql`
      SELECT ${iso("occurred_at")} AS at, event_type AS type, status AS state, attempts, last_error AS error
      FROM outbox_events WHERE ordering_key = ${`file:${fileId}`} ORDER BY sequence LIMIT ${MOST}`);
    const ofBoth = [];
    for (const resourceId of new Set([sessionId, fileId]))
      ofBoth.push(...(await listAuditLog(db, { resourceId, limit: AUDIT })).entries);
    const audit = ofBoth.toSorted((a, b) => a.at.localeCompare(b.at));
    return uploadStory.parse({ ...found, parts, client: client ?? null, operations, audit, events });
  };
}
