import type { DumpPolicy } from "@audiotricks/storage";
import { z } from "zod";

/** Backups of the database, each night. */
export interface DatabaseBackupConfig {
  /** Whose bucket they go to; `undefined`: that of the provider that is for backups, if there is one. */
  providerId: string | undefined;
  policy: DumpPolicy;
  /** Where `pg_dump` is; `undefined`: where it usually is. */
  postgresBin: string | undefined;
}

const KEEP_MESSAGE = "must be a whole number from 0 to 1000: how many are kept";
const keep = (byDefault: number) =>
  z.coerce
    .number(KEEP_MESSAGE)
    .int(KEEP_MESSAGE)
    .min(0, KEEP_MESSAGE)
    .max(1000, KEEP_MESSAGE)
    .default(byDefault);

export const backupSettings = {
  DATABASE_BACKUP_PROVIDER: z.uuid("must be the id of a provider, as provider list has it").optional(),
  DATABASE_BACKUP_KEEP_DAILY: keep(7),
  DATABASE_BACKUP_KEEP_WEEKLY: keep(5),
  DATABASE_BACKUP_KEEP_MONTHLY: keep(12),
  POSTGRES_BIN: z.string().startsWith("/", "must be an absolute path: the directory of pg_dump").optional(),
};

export function backupConfigOf(settings: z.output<z.ZodObject<typeof backupSettings>>): DatabaseBackupConfig {
  return {
    providerId: settings.DATABASE_BACKUP_PROVIDER,
    policy: {
      daily: settings.DATABASE_BACKUP_KEEP_DAILY,
      weekly: settings.DATABASE_BACKUP_KEEP_WEEKLY,
      monthly: settings.DATABASE_BACKUP_KEEP_MONTHLY,
    },
    postgresBin: settings.POSTGRES_BIN,
  };
}
