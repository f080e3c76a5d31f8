import { sql } from "kysely";
import type { CallerContext } from "../access/caller-context.ts";
import type { Principal } from "../storage.ts";
import type { ExportedFile } from "./find-exported.ts";
import type { Document } from "./plan-export.ts";

/** Of each kind of rows; the manifest says where there are more. */
const MOST_ROWS = 100_000;

/**
 * What is known about somebody, as documents of JSON: their files, whatever became of them, links to those, their workspaces, usage and
 * what the audit log has of them. No token and no other person is in them.
 */
export async function describeUser(
  { caller, work: { db } }: Pick<CallerContext<Principal>, "caller" | "work">,
  files: readonly ExportedFile[],
  at: Date,
): Promise<Document[]> {
  const { userId } = caller;
  const read = async (statement: ReturnType<typeof sql>) => {
    const { rows } = await statement.execute(db);
    return { rows: rows.slice(0, MOST_ROWS), isCut: rows.length > MOST_ROWS };
  };
  const tables = {
    files: await read(sql`
      SELECT f.id, f.original_filename AS name, f.file_size AS size, f.mime_type AS type, f.content_type AS "contentType",
        f.content_category AS category, f.status AS state, f.access_level AS "accessLevel", f.workspace_id AS "workspaceId",
        f.storage_path AS key, f.checksum_md5 AS "checksumMd5", f.checksum_sha256 AS "checksumSha256", f.metadata,
        f.download_count AS "downloadUrlsIssued", f.created_at AS "createdAt", f.stored_at AS "storedAt",
        f.expires_at AS "expiresAt", f.deleted_at AS "deletedAt"
      FROM file_storage f WHERE f.user_id = ${userId}::uuid OR f.former_user_id = ${userId}::uuid
      ORDER BY f.created_at, f.id LIMIT ${MOST_ROWS + 1}`),
    shares: await read(sql`
      SELECT l.id, l.file_storage_id AS "fileId", l.created_at AS "createdAt", l.expires_at AS "expiresAt", l.max_uses AS "maxDownloads"
      FROM share_links l WHERE l.created_by = ${userId}::uuid ORDER BY l.created_at, l.id LIMIT ${MOST_ROWS + 1}`),
    workspaces: await read(sql`
      SELECT m.workspace_id AS "workspaceId", w.name, m.role FROM workspace_members m JOIN workspaces w ON w.id = m.workspace_id
      WHERE m.user_id = ${userId}::uuid ORDER BY m.workspace_id LIMIT ${MOST_ROWS + 1}`),
    usage: await read(sql`
      SELECT d.day, d.used_bytes AS "usedBytes", d.used_files AS "usedFiles", d.limit_bytes AS "limitBytes", d.limit_files AS "limitFiles"
      FROM storage_usage_days d WHERE d.user_id = ${userId}::uuid ORDER BY d.day DESC LIMIT ${MOST_ROWS + 1}`),
    // Newest first: where there are too many, the oldest are left out.
    audit: await read(sql`
      SELECT a.at, a.action, a.resource, a.resource_id AS "resourceId", a.outcome
      FROM storage_audit a WHERE a.user_id = ${userId}::uuid ORDER BY a.at DESC, a.id LIMIT ${MOST_ROWS + 1}`),
  };
  const manifest = {
    version: 1,
    userId,
    madeAt: at.toISOString(),
    filesInArchive: files.length,
    documents: Object.entries(tables).map(([name, { rows, isCut }]) => ({
      name: `${name}.json`,
      rows: rows.length,
      isCut,
    })),
  };
  const toDocument = (name: string, content: unknown): Document => ({
    name,
    content: Buffer.from(`${JSON.stringify(content, null, 1)}\n`),
  });
  return [
    toDocument("manifest.json", manifest),
    ...Object.entries(tables).map(([name, { rows }]) => toDocument(`${name}.json`, rows)),
  ];
}
