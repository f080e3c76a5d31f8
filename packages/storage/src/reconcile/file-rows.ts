import { type Kysely, sql } from "kysely";
import type { Database } from "../database.ts";
import { STORED_STATES } from "../files/stored-states.ts";
import type { FoundFile } from "./finding.ts";

/** A file's row, beside what the bucket has at its key. */
export interface FileRow extends FoundFile {
  /** Its bytes are promised. */
  isPromised: boolean;
  hasOpenSession: boolean;
  /** A user, or a workspace whose file it stays when the user goes, or whoever asked for everything of theirs; or the sweep is about to have it. */
  hasOwner: boolean;
  changedAt: Date;
}

/** Rows of one provider in the order of their keys' bytes, after one key and up to another. */
export function findRowsByKey(
  db: Kysely<Database>,
  providerId: string,
  range: { after: string; upTo: string | undefined; limit: number },
): Promise<FileRow[]> {
  const { after, upTo, limit } = range;
  const key = sql<string>`f.storage_path COLLATE "C"`;
  return toRows(
    selectRows(db, providerId)
      .where(key, ">", storable(after))
      .$if(upTo !== undefined, (query) => query.where(key, "<=", storable(upTo ?? "")))
      .orderBy(key)
      .limit(limit),
  );
}

/** Rows by their keys; those that are gone are not among them. */
export async function findRowsAt(
  db: Kysely<Database>,
  providerId: string,
  keys: readonly string[],
): Promise<Map<string, FileRow>> {
  if (keys.length === 0) return new Map();
  const rows = await toRows(selectRows(db, providerId).where("f.storage_path", "in", keys));
  return new Map(rows.map((row) => [row.key, row]));
}

/** A key in the bucket may hold a NUL, a text in the database cannot; up to it the order of both is the same. */
function storable(key: string): string {
  return key.replace(/\0.*/s, "");
}

function selectRows(db: Kysely<Database>, providerId: string) {
  return db
    .selectFrom("file_storage as f")
    .select((eb) => [
      "f.id",
      "f.storage_path",
      "f.status",
      "f.file_size",
      "f.etag",
      "f.updated_at",
      // What was being completed while its owner was deleted expires at once.
      eb
        .or([
          eb("f.user_id", "is not", null),
          eb("f.workspace_id", "is not", null),
          eb("f.expires_at", "<=", sql<Date>`now()`),
          // Everything of somebody's is in nobody's quota.
          eb.exists(
            eb
              .selectFrom("storage_exports as e")
              .select("e.id")
              .whereRef("e.file_storage_id", "=", "f.id")
              .where("e.kind", "=", "user-data")
              .where("e.user_id", "is not", null),
          ),
        ])
        .as("has_owner"),
      eb
        .exists(
          eb
            .selectFrom("multipart_uploads as u")
            .select("u.id")
            .whereRef("u.file_storage_id", "=", "f.id")
            .where("u.status", "in", ["creating", "active", "completing", "aborting"]),
        )
        .as("has_open_session"),
    ])
    .where("f.storage_provider_id", "=", providerId);
}

async function toRows(query: ReturnType<typeof selectRows>): Promise<FileRow[]> {
  const rows = await query.execute();
  return rows.map((row) => ({
    id: row.id,
    key: row.storage_path,
    state: row.status,
    size: Number(row.file_size),
    etag: row.etag,
    isPromised: (STORED_STATES as readonly string[]).includes(row.status),
    hasOpenSession: Boolean(row.has_open_session),
    hasOwner: Boolean(row.has_owner),
    changedAt: row.updated_at,
  }));
}
