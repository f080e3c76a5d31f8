import type { FileState } from "@audiotricks/protocol";
import type { ExpressionBuilder, Kysely } from "kysely";
import type { Database } from "../database.ts";
import type { Caller, Principal } from "../storage.ts";

/** States in which the bytes are promised. */
export const STORED_STATES = [
  "stored",
  "processing",
  "processed",
  "quarantined",
  "archived",
  "recalling",
] as const satisfies FileState[];

type FileTables = Database & { f: Database["file_storage"] };

/**
 * The files a caller may see: every statement about files starts here. A user's own personal ones; in their workspaces
 * what is shared, what is their own, and, for admins, everything. A service sees all.
 */
export function visibleFiles(db: Kysely<Database>, caller: Caller) {
  const files = db.selectFrom("file_storage as f");
  return "service" in caller ? files : files.where(isVisible(caller));
}

/** Of those, the ones they may change or delete: their own, and as an admin all; a viewer none. */
export function changeableFiles(db: Kysely<Database>, principal: Principal) {
  return db.selectFrom("file_storage as f").where(isChangeable(principal));
}

function isVisible({ userId }: Principal) {
  return (eb: ExpressionBuilder<FileTables, "f">) =>
    eb.or([
      eb.and([eb("f.workspace_id", "is", null), eb("f.user_id", "=", userId)]),
      eb.exists(
        membership(eb, userId).where((m) =>
          m.or([
            m("f.access_level", "!=", "private"),
            m("f.user_id", "=", userId),
            m("m.role", "=", "admin"),
          ]),
        ),
      ),
    ]);
}

function isChangeable({ userId }: Principal) {
  return (eb: ExpressionBuilder<FileTables, "f">) =>
    eb.or([
      eb.and([eb("f.workspace_id", "is", null), eb("f.user_id", "=", userId)]),
      eb.exists(
        membership(eb, userId).where((m) =>
          m.or([m("m.role", "=", "admin"), m.and([m("m.role", "=", "member"), m("f.user_id", "=", userId)])]),
        ),
      ),
    ]);
}

function membership(eb: ExpressionBuilder<FileTables, "f">, userId: string) {
  return eb
    .selectFrom("workspace_members as m")
    .whereRef("m.workspace_id", "=", "f.workspace_id")
    .where("m.user_id", "=", userId)
    .select("m.user_id");
}
