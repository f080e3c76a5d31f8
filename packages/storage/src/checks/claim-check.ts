import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import type { StorageContext } from "../storage-context.ts";

export type CheckKind = "sound" | "scan";

/** A file that is to be looked into, and the right to say what was found until the lease runs out. */
export interface ClaimedCheck {
  fileId: string;
  kind: CheckKind;
  token: string;
  /** This one included. */
  attempts: number;
  /** Milliseconds from the claim that the work may take; the lease is a little longer. */
  limitMs: number;
  /** Whether its bytes are still promised: else nobody has to look any more. */
  isStored: boolean;
  key: string;
  /** Bytes. */
  size: number;
  providerId: string;
  userId: string | null;
  workspaceId: string | null;
}

interface ClaimedRow {
  id: string;
  attempts: number;
  is_stored: boolean;
  storage_path: string;
  file_size: number;
  storage_provider_id: string;
  user_id: string | null;
  workspace_id: string | null;
}

/** Of a scan, which reads all of a file, at 5 MB a second at least; of its sound, few bytes are read whatever its size. */
const MS_PER_BYTE: Record<CheckKind, number> = { sound: 0, scan: 1 / 5_000 };
const LEAST_LIMIT_MS = 60_000;
/** For writing down what was found. */
const GRACE_MS = 15_000;

/** Of `file_checks.urgency`: held, just stored, asked for by SQL; each at first, and again after a failure. */
const URGENCIES = [0, 1, 2, 3, 4, 5];

/**
 * Claims the check of the most urgent kind that has waited longest: of any number of workers each gets another one. A lease is no more
 * than the time of the next attempt put off, so that what a crash leaves comes round by itself.
 */
export async function claimCheck(
  { db, clock }: Pick<StorageContext, "db" | "clock">,
  kind: CheckKind,
): Promise<ClaimedCheck | undefined> {
  const token = randomUUID();
  // One look at the index each, until there is one: ordered by urgency in one, it would walk over all that is put off.
  const first = URGENCIES.map(
    (urgency) => sql`(
      SELECT w.file_storage_id FROM file_checks w
      WHERE w.kind = ${kind} AND w.urgency = ${urgency} AND w.due_at <= ${clock.now()}
      ORDER BY w.due_at
      LIMIT 1
      FOR UPDATE SKIP LOCKED)`,
  );
  const { rows } = await sql<ClaimedRow>`
    UPDATE file_checks k
    SET lease_token = ${token}, attempts = k.attempts + 1,
      due_at = ${clock.in(LEAST_LIMIT_MS + GRACE_MS)}
        + f.file_size * ${MS_PER_BYTE[kind]}::double precision * interval '1 millisecond'
    FROM file_storage f
    WHERE f.id = k.file_storage_id AND k.kind = ${kind} AND k.file_storage_id = coalesce(${sql.join(first)})
    RETURNING f.id, k.attempts, is_counted_file(f.status) AS is_stored, f.storage_path, f.file_size, f.storage_provider_id, f.user_id, f.workspace_id`.execute(
    db,
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const size = Number(row.file_size);
  return {
    fileId: row.id,
    kind,
    token,
    attempts: row.attempts,
    limitMs: LEAST_LIMIT_MS + Math.ceil(size * MS_PER_BYTE[kind]),
    isStored: row.is_stored,
    key: row.storage_path,
    size,
    providerId: row.storage_provider_id,
    userId: row.user_id,
    workspaceId: row.workspace_id,
  };
}
