import { CliError } from "./cli-error.ts";

/** @throws {CliError} `migrations_pending`, if there are any. */
export function requireMigrated(pending: readonly unknown[]): void {
  if (pending.length > 0)
    throw new CliError(
      "migrations_pending",
      `The database lacks ${pending.length} migrations: run audiotricks-storage migrate, or start a server of this release.`,
    );
}
