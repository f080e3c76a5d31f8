import { type DumpPolicy, type DumpSource, type Keyring, OperatorError } from "@audiotricks/storage";
import type { Job, JobContext } from "./job.ts";

/** What the night's backup of the database needs. */
export interface DatabaseBackup {
  source: DumpSource;
  keyring: Keyring;
  policy: DumpPolicy;
  /** Whose bucket it goes to; `undefined`: nobody has set one up. */
  findProvider(): Promise<string | undefined>;
}

/** One that was made within this time, by hand or before a crash, is the night's. */
const RECENT_MS = 3_600_000;

export const backupDatabase: Job = {
  name: "backup-database",
  cron: "37 3 * * *",
  isMadeUpFor: true,
  expiresAfter: 12 * 3600,
  run: async (context) => {
    const { databaseBackup: backup, log } = context;
    const providerId = await backup?.findProvider();
    if (backup === undefined || providerId === undefined) {
      log.info(
        "the database is backed up by nobody here: no provider for backups and no STORAGE_ENCRYPTION_KEY, or one of them, is set",
      );
      return;
    }
    await create(context, backup, providerId);
    await retain(context, backup, providerId);
  },
};

async function create(
  { storage, log, signal }: JobContext,
  backup: DatabaseBackup,
  providerId: string,
): Promise<void> {
  const [last] = await storage.dumps.list({ limit: 1, states: ["stored"] });
  if (last !== undefined && Math.abs(Date.now() - last.startedAt.getTime()) < RECENT_MS) return;
  try {
    const { source, keyring } = backup;
    const { key, size, startedAt } = await storage.dumps.create({ source, providerId, keyring, signal });
    log.info({ key, size, startedAt }, "backed the database up");
  } catch (error) {
    // Whoever is at it does what this was to do.
    if (!(error instanceof OperatorError && error.code === "dump_running")) throw error;
    log.info("a backup of the database is under way already");
  }
}

async function retain(
  { storage, log, signal }: JobContext,
  { policy }: DatabaseBackup,
  providerId: string,
): Promise<void> {
  const { missing, deleted, found, kept } = await storage.dumps.retain({ providerId, policy, signal });
  for (const key of missing)
    log.error({ key }, "a backup of the database is gone from its bucket, or not as it was");
  if (deleted.length + found > 0)
    log.info({ deleted, found, kept }, "kept backups of the database by the policy");
}
