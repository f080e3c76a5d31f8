import { type Kysely, sql } from "kysely";
import type { Database } from "../database.ts";
import type { Finding } from "./finding.ts";

/** Writes down what is wrong with files that we know, until a pass no longer finds it. One statement. */
export async function keepFindings(db: Kysely<Database>, findings: readonly Finding[]): Promise<void> {
  const rows = findings.flatMap((finding) => {
    // Nothing is left to see of an object that was deleted, and there is no end to what others keep in a bucket.
    if (!("file" in finding) || finding.kind === "ended_object") return [];
    const { kind, providerId, file } = finding;
    const object = "object" in finding ? finding.object : undefined;
    const details = { state: file.state, expected: { size: file.size, etag: file.etag }, object };
    return [{ providerId, kind, key: file.key, fileId: file.id, details }];
  });
  if (rows.length === 0) return;
  await sql`
    INSERT INTO reconcile_findings (storage_provider_id, kind, storage_path, file_storage_id, details)
    SELECT "providerId", kind, key, "fileId", details
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      AS f ("providerId" uuid, kind text, key text, "fileId" uuid, details jsonb)
    ON CONFLICT (storage_provider_id, kind, storage_path)
      DO UPDATE SET details = excluded.details, last_seen_at = now()`.execute(db);
}
