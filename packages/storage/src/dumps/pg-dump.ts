import { OperatorError } from "../operator/operator-error.ts";
import type { DumpSource } from "./dump-source.ts";
import { libpqConnection } from "./libpq-url.ts";
import { findProgram, runProgram } from "./postgres-program.ts";

/** A backup that waits behind a migration lets everybody else wait behind itself. */
const LOCK_WAIT_MS = 60_000;

/** How PostgreSQL's own programs reach a server. */
export interface PostgresPlace {
  databaseUrl: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Where they are; by default where they usually are. */
  binDirectory?: string | undefined;
}

/**
 * `pg_dump` in its custom format, of the whole database.
 *
 * @param snapshot Exported by a transaction that is open meanwhile: the dump is of what that one sees, `asOf` its beginning.
 */
export function pgDumpSource(
  { databaseUrl, env, binDirectory }: PostgresPlace,
  { snapshot, asOf }: { snapshot?: string; asOf?: Date } = {},
): DumpSource {
  return {
    engine: "postgres",
    asOf,
    open: async function* (serverVersion, signal) {
      const connection = libpqConnection(databaseUrl, env);
      const file = await findProgram("pg_dump", serverVersion, { directory: binDirectory });
      const args = [
        "--format=custom",
        "--no-password",
        `--lock-wait-timeout=${LOCK_WAIT_MS}`,
        ...(snapshot === undefined ? [] : [`--snapshot=${snapshot}`]),
        `--dbname=${connection.url}`,
      ];
      const program = runProgram(file, args, connection, signal);
      program.stdin.end();
      try {
        yield* program.stdout as AsyncIterable<Uint8Array>;
        const reason = await program.ended;
        signal?.throwIfAborted();
        if (reason !== undefined)
          throw new OperatorError("dump_failed", `pg_dump did not come to its end: ${reason}`);
      } finally {
        program.kill();
        await program.ended;
      }
    },
  };
}
