import { type Kysely, sql } from "kysely";
import type { Database } from "../database.ts";

export interface UsageScope {
  scope: "user" | "workspace";
  id: string;
}

/** Live, from the counters. `null`: no limit. */
export interface Usage extends UsageScope {
  usedBytes: number;
  reservedBytes: number;
  maxBytes: number | null;
  usedFiles: number;
  reservedFiles: number;
  maxFiles: number | null;
}

/** Those who have most come first. */
export async function listUsage(
  db: Kysely<Database>,
  options: { only?: UsageScope | undefined; limit: number },
): Promise<Usage[]> {
  const { only, limit } = options;
  const { rows } = await sql<Record<keyof Usage, string | number | null>>`
    SELECT c.scope, c.scope_id AS id, c.used_bytes AS "usedBytes", c.reserved_bytes AS "reservedBytes",
      l.max_bytes AS "maxBytes", c.used_files AS "usedFiles", c.reserved_files AS "reservedFiles", l.max_files AS "maxFiles"
    FROM storage_counters c CROSS JOIN LATERAL quota_limits(c.scope, c.scope_id) l
    WHERE ${only === undefined} OR (c.scope = ${only?.scope ?? ""} AND c.scope_id = ${only?.id ?? null}::uuid)
    ORDER BY c.used_bytes + c.reserved_bytes DESC, c.scope, c.scope_id
    LIMIT ${limit}`.execute(db);
  return rows.map((row) => ({
    scope: row.scope as Usage["scope"],
    id: String(row.id),
    usedBytes: Number(row.usedBytes),
    reservedBytes: Number(row.reservedBytes),
    maxBytes: row.maxBytes === null ? null : Number(row.maxBytes),
    usedFiles: Number(row.usedFiles),
    reservedFiles: Number(row.reservedFiles),
    maxFiles: row.maxFiles === null ? null : Number(row.maxFiles),
  }));
}
