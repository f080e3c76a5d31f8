import type { Storage, SweepReport } from "@audiotricks/storage";
import type { Logger } from "../logger.ts";
import type { DatabaseBackup } from "./backup-database.ts";

/** Something that is done again and again, by one worker at a time. Cut off anywhere, it can be begun again. */
export interface Job {
  name: string;
  /** When, in UTC; to the minute. */
  cron: string;
  /** Seconds after each of these times at which it is done once more. */
  againAfter?: number;
  /** Whether an occurrence that nobody was there for is made up for. */
  isMadeUpFor: boolean;
  /** Longest that one run may take, in seconds. */
  expiresAfter: number;
  run(context: JobContext): Promise<void>;
}

export interface JobContext {
  storage: Pick<Storage, "backups" | "dumps" | "moveFiles" | "sweep" | "upkeep">;
  /** `undefined`: no database of this server's is backed up from here. */
  databaseBackup?: DatabaseBackup | undefined;
  log: Logger;
  /** Told of every sweep that came to its end. */
  onSwept?: ((report: SweepReport) => void) | undefined;
  /** Aborted when the server stops, or the job was taken away from it: then stop soon, wherever that is. */
  signal: AbortSignal;
}
