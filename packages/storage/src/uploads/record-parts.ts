import { partAt } from "@audiotricks/protocol";
import type { StoredPart } from "@audiotricks/protocol/messages";
import { type Kysely, sql } from "kysely";
import type { Database } from "../database.ts";
import { isMd5Etag } from "../s3/etag.ts";
import { isStorableText } from "../storable-text.ts";
import type { StorageContext } from "../storage-context.ts";
import type { Session } from "./session.ts";

/** What the browser says it has finished: for live progress, never trusted. A part once finished stays so. */
export async function recordFinishedParts(
  context: StorageContext,
  session: Session,
  finished: readonly { partNumber: number; etag: string }[],
): Promise<void> {
  const { fileSize, partSize, partCount, isSizeKnown } = session;
  const parts = new Map(
    finished
      .filter(({ partNumber, etag }) => partNumber <= partCount && isStorableText(etag))
      .map(({ partNumber, etag }) => {
        const { offset, size } = partAt({ fileSize, partSize, partNumber });
        // As the store will list it, so that the row need not be written again. Without a plan the store may list fewer.
        const md5 = isSizeKnown && isMd5Etag(etag) ? etag : null;
        return [partNumber, { partNumber, offset, size, etag, md5 }];
      }),
  );
  if (parts.size === 0) return;
  await sql`
    WITH inserted AS (
      INSERT INTO upload_chunks (multipart_upload_id, chunk_number, spaces_etag, checksum_md5, chunk_size, start_byte,
        end_byte, status, uploaded_at)
      SELECT ${session.id}::uuid, "partNumber", etag, md5, size, "offset", "offset" + size - 1, 'completed', now()
      FROM jsonb_to_recordset(${JSON.stringify([...parts.values()])}::jsonb)
        AS p ("partNumber" integer, etag text, md5 text, size bigint, "offset" bigint)
      ON CONFLICT (multipart_upload_id, chunk_number) DO NOTHING
      RETURNING chunk_size
    )
    UPDATE multipart_uploads SET
      completed_chunks = completed_chunks + (SELECT count(*) FROM inserted)::integer,
      uploaded_bytes = uploaded_bytes + (SELECT coalesce(sum(chunk_size), 0) FROM inserted)::bigint
    WHERE id = ${session.id} AND status = 'active' AND EXISTS (SELECT 1 FROM inserted)`.execute(context.db);
}

/** What the store itself listed; replaces what the browser had said, where that was something else. */
export async function recordStoredParts(
  db: Kysely<Database>,
  sessionId: string,
  parts: readonly StoredPart[],
): Promise<void> {
  let offset = 0;
  const rows = parts.map(({ partNumber, size, etag }) => {
    const row = { partNumber, size, etag, offset, md5: isMd5Etag(etag) ? etag : null };
    offset += size;
    return row;
  });
  await sql`
    INSERT INTO upload_chunks (multipart_upload_id, chunk_number, spaces_etag, checksum_md5, chunk_size, start_byte,
      end_byte, status, uploaded_at)
    SELECT ${sessionId}::uuid, "partNumber", etag, md5, size, "offset", "offset" + size - 1, 'completed', now()
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      AS p ("partNumber" integer, etag text, md5 text, size bigint, "offset" bigint)
    -- Hashed whatever the planner knows of the table; a join may compare each with each.
    WHERE ("partNumber", etag, coalesce(md5, ''), size, "offset") NOT IN (
      SELECT chunk_number, spaces_etag, coalesce(checksum_md5, ''), chunk_size, start_byte FROM upload_chunks
      WHERE multipart_upload_id = ${sessionId} AND status = 'completed' AND spaces_etag IS NOT NULL)
    ON CONFLICT (multipart_upload_id, chunk_number) DO UPDATE SET
      spaces_etag = excluded.spaces_etag, checksum_md5 = excluded.checksum_md5, chunk_size = excluded.chunk_size,
      start_byte = excluded.start_byte, end_byte = excluded.end_byte, status = 'completed',
      uploaded_at = coalesce(upload_chunks.uploaded_at, excluded.uploaded_at)`.execute(db);
}
