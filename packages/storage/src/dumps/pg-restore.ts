import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { OperatorError } from "../operator/operator-error.ts";
import { libpqConnection } from "./libpq-url.ts";
import type { PostgresPlace } from "./pg-dump.ts";
import { findProgram, runProgram } from "./postgres-program.ts";

/**
 * Reads a dump into a database that has nothing of it, in one transaction: all of it, or nothing. What belonged to other roles belongs
 * to the one that does this.
 *
 * It cannot end before it has the last bytes of `content`, which come once they are proved to be the last ones; when `content`
 * throws it is killed, and the server takes back all that it did.
 *
 * @throws What `content` throws, or an `OperatorError` `restore_failed`, `dump_tools_missing`.
 */
export async function runPgRestore(
  content: AsyncIterable<Uint8Array>,
  {
    databaseUrl,
    env,
    binDirectory,
    serverVersion,
    hasPrivileges,
    signal,
  }: PostgresPlace & { serverVersion: string; hasPrivileges: boolean; signal?: AbortSignal | undefined },
): Promise<void> {
  const connection = libpqConnection(databaseUrl, env);
  const file = await findProgram("pg_restore", serverVersion, { directory: binDirectory });
  const args = [
    "--single-transaction",
    "--exit-on-error",
    "--no-password",
    "--no-owner",
    ...(hasPrivileges ? [] : ["--no-privileges"]),
    `--dbname=${connection.url}`,
  ];
  const program = runProgram(file, args, connection, signal);
  program.stdout.resume();
  let failure: unknown;
  async function* watched(): AsyncGenerator<Uint8Array> {
    const pieces = content[Symbol.asyncIterator]();
    try {
      for (;;) {
        // What is thrown here is of the dump; what comes in from the yield is of a program that takes no more.
        const next = await pieces.next().catch(async (error: unknown) => {
          failure = error;
          // Before its input ends, which it might take for the end of the dump.
          program.kill();
          await program.ended;
          throw error;
        });
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await pieces.return?.();
    }
  }
  const fed = pipeline(Readable.from(watched(), { objectMode: false }), program.stdin).then(
    () => true,
    () => false,
  );
  const reason = (await program.ended) ?? ((await fed) ? undefined : "it ended before the dump did");
  await fed;
  if (failure !== undefined) throw failure;
  signal?.throwIfAborted();
  if (reason !== undefined)
    throw new OperatorError(
      "restore_failed",
      `pg_restore did not come to its end, and nothing was restored: ${reason}`,
    );
}
