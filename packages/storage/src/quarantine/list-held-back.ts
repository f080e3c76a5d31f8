import type { FileState } from "@audiotricks/protocol";
import type { Kysely } from "kysely";
import type { Database } from "../database.ts";

/** A file that nobody gets, as whoever runs the deployment sees it. */
export interface HeldBackFile {
  fileId: string;
  state: FileState;
  /** `infected`, `too_large`; `held` while its scan is not over; another where somebody put it there by hand. */
  scan: string;
  /** What the scanner called it. */
  verdict: string | null;
  fileName: string;
  /** Bytes. */
  fileSize: number;
  userId: string | null;
  workspaceId: string | null;
  createdAt: Date;
  /** Scans of it that failed so far, and why the last one did. */
  attempts: number;
  lastError: string | null;
}

/** What is in quarantine, and what is held until it was scanned; the newest first. */
export async function listHeldBack(
  db: Kysely<Database>,
  { limit }: { limit: number },
): Promise<HeldBackFile[]> {
  const rows = await db
    .selectFrom("file_storage as f")
    .leftJoin("file_checks as k", (join) =>
      join.onRef("k.file_storage_id", "=", "f.id").on("k.kind", "=", "scan"),
    )
    .select(["f.id", "f.status", "f.scan_state", "f.scan_verdict", "f.original_filename", "f.file_size"])
    .select(["f.user_id", "f.workspace_id", "f.created_at", "k.attempts", "k.last_error"])
    .where((eb) => eb.or([eb("f.status", "=", "quarantined"), eb("f.scan_state", "=", "held")]))
    .where("f.status", "not in", ["deleting", "deleted", "failed"])
    .orderBy("f.created_at", "desc")
    .orderBy("f.id")
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    fileId: row.id,
    state: row.status as FileState,
    scan: row.scan_state,
    verdict: row.scan_verdict,
    fileName: row.original_filename,
    fileSize: Number(row.file_size),
    userId: row.user_id,
    workspaceId: row.workspace_id,
    createdAt: row.created_at,
    attempts: row.attempts ?? 0,
    lastError: row.last_error,
  }));
}
