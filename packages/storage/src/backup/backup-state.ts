import { sql } from "kysely";
import type { StorageContext } from "../storage-context.ts";

/** What is still to be copied from one bucket to another. */
export interface BackupProgress {
  providerId: string;
  backupId: string;
  /** Whether all files are queued that were there before the backup was. */
  isFilled: boolean;
  pending: number;
  copying: number;
  failed: number;
  /** Bytes of these three. */
  waitingBytes: number;
  /** Every file stored before it has its copy, proved. `null`: nothing can be said yet. */
  recoveryPoint: Date | null;
}

/** What is copied. */
export interface CopyCounts {
  copied: number;
  copiedBytes: number;
  /** Of deleted files, until their time is over. */
  kept: number;
}

export interface BackupState<Counts = CopyCounts> {
  backups: (BackupProgress & Counts)[];
  /** Of all of them: what every bucket with a backup can be taken back to. `null` where there is none, or one cannot say yet. */
  recoveryPoint: Date | null;
  /** Providers that have files and no backup; of cold ones, those with a file that went there without a copy. */
  withoutBackup: string[];
  /** Of those that failed, the ones that have waited longest. */
  failures: {
    fileId: string;
    backupId: string;
    code: string;
    message: string;
    attempts: number;
    nextAttemptAt: Date;
  }[];
}

const SAMPLES = 20;

/** Reads every copy's row for the sums: for a person who asks, not for every scrape. */
export async function readBackupState(context: Pick<StorageContext, "db">): Promise<BackupState> {
  const { backups, ...state } = await readWaitingCopies(context);
  const { rows } = await sql<CopyCounts & { backupId: string }>`
    SELECT b.backup_provider_id AS "backupId", count(*) FILTER (WHERE b.deleted_at IS NULL)::integer AS copied,
      coalesce(sum(b.file_size) FILTER (WHERE b.deleted_at IS NULL), 0)::float8 AS "copiedBytes",
      count(b.deleted_at)::integer AS kept
    FROM file_backups b WHERE b.state = 'copied' GROUP BY 1`.execute(context.db);
  return {
    ...state,
    backups: backups.map((backup) => {
      const { copied, copiedBytes, kept } = rows.find(({ backupId }) => backupId === backup.backupId) ?? NONE;
      return { ...backup, copied, copiedBytes, kept };
    }),
  };
}

const NONE: CopyCounts = { copied: 0, copiedBytes: 0, kept: 0 };

/** The same without what is copied already: as much work as there is to be done. */
export async function readWaitingCopies({
  db,
}: Pick<StorageContext, "db">): Promise<BackupState<Record<never, never>>> {
  const { rows: backups } = await sql<BackupProgress>`
    SELECT p.storage_provider_id AS "providerId", p.backup_provider_id AS "backupId", p.filled_at IS NOT NULL AS "isFilled",
      p.pending::integer AS pending, p.copying::integer AS copying, p.failed::integer AS failed,
      p.waiting_bytes::float8 AS "waitingBytes",
      p.recovery_point AS "recoveryPoint"
    FROM backup_progress p
    ORDER BY 1, 2`.execute(db);
  const { rows: bare } = await sql<{ id: string }>`
    SELECT p.id FROM storage_providers p
    WHERE p.purpose IN ('files', 'cold') AND NOT EXISTS (SELECT FROM backup_progress b WHERE b.storage_provider_id = p.id)
      AND EXISTS (SELECT FROM file_storage f WHERE f.storage_provider_id = p.id AND is_counted_file(f.status)
        AND (p.purpose = 'files' OR NOT EXISTS (
          SELECT FROM file_backups c JOIN storage_providers k ON k.id = c.backup_provider_id AND k.is_active
          WHERE c.file_storage_id = f.id AND c.state IN ('pending', 'copying', 'failed', 'copied'))))
    ORDER BY p.id`.execute(db);
  const { rows: failures } = await sql<BackupState["failures"][number]>`
    SELECT file_storage_id AS "fileId", backup_provider_id AS "backupId", error_code AS code, error_message AS message,
      attempts, due_at AS "nextAttemptAt"
    FROM file_backups WHERE state = 'failed' ORDER BY stored_at, file_storage_id LIMIT ${SAMPLES}`.execute(
    db,
  );
  const points = backups.map(({ recoveryPoint }) => recoveryPoint);
  const isKnown = points.length > 0 && bare.length === 0 && points.every((point) => point !== null);
  return {
    backups,
    recoveryPoint: isKnown ? new Date(Math.min(...points.map((point) => point?.getTime() ?? 0))) : null,
    withoutBackup: bare.map(({ id }) => id),
    failures,
  };
}
