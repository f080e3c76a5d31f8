import { EXIT, type ExitCode } from "./exit-codes.ts";

export type CliErrorCode =
  | "usage"
  | "settings"
  | "embedded_database"
  | "database_unavailable"
  | "migrations_pending"
  | "secret_missing"
  | "store_unavailable"
  | "list_invalid"
  | "interrupted"
  | "server_gone"
  | "file_not_written";

/** One sentence for whoever typed the command. Nothing in it is secret. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly code: CliErrorCode;

  constructor(code: CliErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  get exitCode(): ExitCode {
    return this.code === "usage" ? EXIT.usage : EXIT.failed;
  }
}
