import { UploadError } from "@audiotricks/protocol";
import { type Kysely, sql, type Transaction } from "kysely";
import type { Access } from "../access/access-table.ts";
import { isOperator } from "../access/tenant.ts";
import type { Database } from "../database.ts";
import type { Principal } from "../storage.ts";
import type { StorageContext } from "../storage-context.ts";

/** Longest that the database works on one question of an operator. */
const STATEMENT_MS = 10_000;
/** SQLSTATE `query_canceled`. */
const CANCELED = "57014";

export type Read<Result> = (db: Transaction<Database>) => Promise<Result>;

/**
 * One snapshot of everybody's rows, for an operator alone; changes nothing, and takes no longer than a moment.
 *
 * @throws {UploadError} `forbidden` for anybody else; `database_unavailable` where it would take longer.
 */
export async function readAsOperator<Result>(
  { db }: Pick<StorageContext, "db">,
  principal: Principal,
  access: Access,
  read: Read<Result>,
): Promise<Result> {
  if (access.operator !== "all" || !isOperator(principal))
    throw new UploadError("forbidden", "You may not do this.");
  return readBounded(db, read);
}

async function readBounded<Result>(db: Kysely<Database>, read: Read<Result>): Promise<Result> {
  try {
    return await db
      .transaction()
      .setIsolationLevel("repeatable read")
      .setAccessMode("read only")
      .execute(async (trx) => {
        await sql`SET LOCAL statement_timeout = ${sql.lit(STATEMENT_MS)}`.execute(trx);
        return read(trx);
      });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === CANCELED)) throw error;
    throw new UploadError("database_unavailable", "That took too long. Ask for a shorter time.", {
      cause: error,
    });
  }
}
