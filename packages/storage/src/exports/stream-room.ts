import { UploadError } from "@audiotricks/protocol";
import { sql } from "kysely";
import { beginAgain } from "../begin-again.ts";
import type { StorageContext } from "../storage-context.ts";
import { toReserved } from "../uploads/reserve.ts";
import { getSession, type Session, sessionNotOpen } from "../uploads/session.ts";

/** Room is made this far ahead: a statement for each few parts. */
const AHEAD = 64 * 1024 * 1024;

/**
 * Room for a file that grows. Asked before bytes leave: what is stored was reserved, in the owner's quota and the workspace's.
 *
 * @returns Makes room for `size` bytes in all. Rejects with `quota_exceeded`, `file_too_large` beyond what the provider takes or
 *   `maxSize`, or `session_not_open` where somebody has ended the upload meanwhile.
 */
export function growingRoom(
  context: StorageContext,
  session: Session,
  { maxSize = Number.POSITIVE_INFINITY }: { maxSize?: number | undefined } = {},
): (size: number) => Promise<void> {
  let room = session.fileSize;
  return async (size) => {
    if (size > maxSize) throw tooLarge(size, maxSize);
    if (size <= room) return;
    try {
      room = await grow(context, session, Math.min(size + AHEAD, maxSize));
    } catch (error) {
      if (!(error instanceof UploadError)) throw error;
      // Not that much, but perhaps this.
      room = await grow(context, session, size);
    }
  };
}

async function grow(context: StorageContext, session: Session, size: number): Promise<number> {
  const { db, clock, settings } = context;
  const expiresAt = clock.in(settings.sessionExpiresIn * 1000);
  const { rows } = await beginAgain(() =>
    sql<{ max_file_size: number | string; is_grown: boolean }>`
      WITH grown AS (
        UPDATE multipart_uploads u SET total_file_size = ${size}, expires_at = greatest(u.expires_at, ${expiresAt})
        FROM file_storage f JOIN storage_providers p ON p.id = f.storage_provider_id
        WHERE u.id = ${session.id} AND u.status = 'active' AND f.id = u.file_storage_id AND ${size} <= p.max_file_size
        RETURNING u.id)
      SELECT p.max_file_size, EXISTS (SELECT FROM grown) AS is_grown FROM storage_providers p
      WHERE p.id = ${session.providerId}`.execute(db),
  ).catch((error: unknown) => {
    throw quotaRefusal(error) ?? error;
  });
  const [row] = rows;
  if (row?.is_grown === true) return size;
  const maxFileSize = Number(row?.max_file_size ?? 0);
  if (size > maxFileSize) throw tooLarge(size, maxFileSize);
  throw sessionNotOpen(await getSession(context, session.id));
}

/** What a growing session is told by the database. */
function quotaRefusal(error: unknown): UploadError | undefined {
  if (!(error instanceof Error && "code" in error && error.code === "AT001")) return undefined;
  const details: unknown = "detail" in error ? JSON.parse(String(error.detail) || "{}") : {};
  const reserved = toReserved({
    outcome: "quota_exceeded",
    session_id: null,
    details: details as Record<string, unknown>,
  });
  return reserved.outcome === "refused" ? reserved.error : undefined;
}

function tooLarge(size: number, maxFileSize: number): UploadError {
  return new UploadError("file_too_large", `The file is larger than ${maxFileSize} bytes.`, {
    details: { size, maxFileSize },
  });
}
