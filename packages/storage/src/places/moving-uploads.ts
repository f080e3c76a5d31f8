import { sql } from "kysely";
import type { StorageContext } from "../storage-context.ts";

/** Of uploads at one bucket, those by which files come there from another: their sessions are over, and they end with their move. */
export async function findMovingUploads(
  { db }: Pick<StorageContext, "db">,
  providerId: string,
  uploads: readonly { key: string; uploadId: string }[],
): Promise<Set<string>> {
  // A key in the bucket may hold a NUL, a text in the database cannot.
  const ours = uploads.filter(({ key }) => !key.includes("\0"));
  if (ours.length === 0) return new Set();
  const { rows } = await sql<{ id: string }>`
    SELECT upload_id AS id FROM file_moves
    WHERE to_provider_id = ${providerId}::uuid AND object_key = ANY (${ours.map(({ key }) => key)})
      AND state IN ('copying', 'failed', 'dropping') AND upload_id = ANY (${ours.map(({ uploadId }) => uploadId)})`.execute(
    db,
  );
  return new Set(rows.map(({ id }) => id));
}
