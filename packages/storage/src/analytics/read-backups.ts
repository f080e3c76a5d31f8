import type { BackupsQuery, BackupsResponse, DatabaseBackupsResponse } from "@audiotricks/protocol/admin";
import { sql } from "kysely";
import { readBackupState, readWaitingCopies } from "../backup/backup-state.ts";
import { listDumps } from "../dumps/dump-rows.ts";
import { findBuckets } from "./find-buckets.ts";
import { isoOf } from "./period.ts";
import type { Read } from "./read-bounded.ts";

const MOST_DUMPS = 100;

/** How far the copies of files are, and what everything can be taken back to. */
export function readBackups({ count }: BackupsQuery): Read<BackupsResponse> {
  return async (db) => {
    const { backups, recoveryPoint, withoutBackup, failures } =
      count === "all" ? await readBackupState({ db }) : await readWaitingCopies({ db });
    const bucketOf = await findBuckets(db);
    return {
      at: await readNow(db),
      recoveryPoint: isoOf(recoveryPoint),
      backups: backups.map(({ providerId, backupId, recoveryPoint: point, ...progress }) => {
        const { bucket: backupBucket, region: backupRegion } = bucketOf(backupId);
        return {
          ...bucketOf(providerId),
          backupId,
          backupBucket,
          backupRegion,
          ...NOT_COUNTED,
          ...progress,
          recoveryPoint: isoOf(point),
        };
      }),
      withoutBackup: withoutBackup.map(bucketOf),
      failures: failures.map(({ nextAttemptAt, ...failure }) => ({
        ...failure,
        nextAttemptAt: isoOf(nextAttemptAt),
      })),
    };
  };
}

const NOT_COUNTED = { copied: null, copiedBytes: null, kept: null };

/** Backups of the database, those that are taken away left out. */
export const readDatabaseBackups: Read<DatabaseBackupsResponse> = async (db) => {
  const bucketOf = await findBuckets(db);
  const [newest] = await listDumps(db, { limit: 1, states: ["stored"] });
  const dumps = await listDumps(db, {
    limit: MOST_DUMPS,
    states: ["running", "stored", "missing", "failed"],
  });
  return {
    at: await readNow(db),
    newestStoredAt: newest === undefined ? null : isoOf(newest.startedAt),
    backups: dumps.map((dump) => ({
      id: dump.id,
      ...bucketOf(dump.providerId),
      key: dump.key,
      state: dump.state,
      engine: dump.engine,
      serverVersion: dump.serverVersion,
      startedAt: isoOf(dump.startedAt),
      endedAt: dump.state === "running" ? null : isoOf(dump.endedAt),
      size: dump.state === "stored" ? dump.size : null,
      errorCode: dump.state === "failed" ? dump.errorCode : null,
    })),
  };
};

/** By the database's clock, as everything beside it is. */
async function readNow(db: Parameters<Read<unknown>>[0]): Promise<string> {
  const { rows } = await sql<{ now: Date }>`SELECT now() AS now`.execute(db);
  return isoOf(rows[0]?.now ?? new Date());
}
