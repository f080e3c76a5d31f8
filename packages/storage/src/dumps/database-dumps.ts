import type { Keyring } from "../providers/keyring.ts";
import type { StorageContext } from "../storage-context.ts";
import { backUpDatabase, type StoredDump } from "./backup-database.ts";
import type { DumpPolicy } from "./choose-kept.ts";
import { type Dump, listDumps } from "./dump-rows.ts";
import type { DumpSource } from "./dump-source.ts";
import { readDump } from "./read-dump.ts";
import { type RetainReport, retainDumps } from "./retain-dumps.ts";

/** Backups of the database itself, in the bucket of a provider. */
export interface DatabaseDumps {
  /**
   * Makes one. Its bytes leave sealed with the first key of the keyring.
   *
   * @throws {OperatorError} `dump_running`, `dump_failed`, `dump_tools_missing`: other dumps are untouched then.
   */
  create(options: {
    source: DumpSource;
    providerId: string;
    keyring: Keyring;
    signal?: AbortSignal | undefined;
  }): Promise<StoredDump>;
  /** Takes away what the policy does not keep, never the newest one. */
  retain(options: {
    providerId: string;
    policy: DumpPolicy;
    signal?: AbortSignal | undefined;
  }): Promise<RetainReport>;
  /** The newest ones first. */
  list(options: { limit: number; states?: readonly Dump["state"][] }): Promise<Dump[]>;
  /**
   * One of them as sealed bytes, for `openDump`.
   *
   * @param from A key, or `latest`: the newest one of the bucket.
   * @throws {OperatorError} `dump_not_found`.
   */
  read(options: {
    providerId: string;
    from: string;
    signal?: AbortSignal | undefined;
  }): Promise<{ key: string; size: number; bytes: AsyncIterable<Uint8Array> }>;
}

export function createDatabaseDumps(context: StorageContext): DatabaseDumps {
  return {
    create: (options) => backUpDatabase(context, options),
    retain: (options) => retainDumps(context, options),
    list: (options) => listDumps(context.db, options),
    read: async ({ providerId, from, signal }) =>
      readDump((await context.stores.forSweep(signal).of(providerId)).s3, from),
  };
}
