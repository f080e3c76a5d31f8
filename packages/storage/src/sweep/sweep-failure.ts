import { UploadError } from "@audiotricks/protocol";
import { isDatabaseAway } from "../database-failures.ts";
import type { SweepFailure } from "../storage.ts";

/** Nothing in it is secret, and no row's content: of the database, its message and its SQLSTATE. */
export function describeSweepFailure(error: unknown): Omit<SweepFailure, "id"> {
  if (error instanceof UploadError) {
    const { code, message, cause } = error;
    return { code, message, ...(cause instanceof Error ? { cause: cause.message } : {}) };
  }
  const sqlState = error instanceof Error && "code" in error ? { cause: String(error.code) } : {};
  const code = isDatabaseAway(error) ? "database_unavailable" : "internal";
  return { code, message: String(error), ...sqlState };
}
