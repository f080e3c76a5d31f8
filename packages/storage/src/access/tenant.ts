import { UploadError } from "@audiotricks/protocol";
import { type Kysely, type RawBuilder, type Selectable, sql } from "kysely";
import type { Database } from "../database.ts";
import type { FileStorage } from "../database-schema.ts";
import type { Caller } from "../storage.ts";
import { type Access, isForUsers, type Reach, WORKSPACE_ROLES, type WorkspaceRole } from "./access-table.ts";

/**
 * Everything that a caller's statement can begin with. Each is bound to the caller and to a row of the access table: it finds
 * nothing that the row does not give, and an id from a request only ever narrows it.
 */
export type Tenant = ReturnType<typeof tenantOf>;

export function tenantOf(db: Kysely<Database>, caller: Caller) {
  return {
    caller,
    files: (access: Access) =>
      db.selectFrom("file_storage as f").where(IS_NO_SIDECAR).where(reachesFile(caller, access)),
    /**
     * Of the newest rows of one place, so few that all of them can be looked at again and again, those that the caller reaches: the
     * workspace's, or without one the caller's own.
     */
    newestFiles: (access: Access, { workspaceId, most }: { workspaceId: string | null; most: number }) =>
      db
        .selectFrom(newestOf(userIdOf(caller), workspaceId, most).as("f"))
        .where(IS_NO_SIDECAR)
        .where(reachesFile(caller, access))
        .where(sql<boolean>`(f.workspace_id IS NULL) = (${workspaceId}::uuid IS NULL)`),
    updateFiles: (access: Access) =>
      db.updateTable("file_storage as f").where(IS_NO_SIDECAR).where(reachesFile(caller, access)),
    /** Of a row of `file_storage f` that was found by another row of the table: whether this one reaches it too. */
    reaches: (access: Access) => reachesFile(caller, access),
    /** With what each one's file adds. */
    shares: (access: Access) =>
      db
        .selectFrom("share_links as l")
        .innerJoin("file_storage as f", "f.id", "l.file_storage_id")
        .where(reachesFile(caller, access)),
    updateShares: (access: Access) =>
      db
        .updateTable("share_links as l")
        .from("file_storage as f")
        .whereRef("f.id", "=", "l.file_storage_id")
        .where(reachesFile(caller, access)),
    /** With what each one's file adds. */
    sessions: (access: Access) =>
      db
        .selectFrom("multipart_uploads as u")
        .innerJoin("file_storage as f", "f.id", "u.file_storage_id")
        .where(reachesSession(caller, access)),
    /** Those in which the caller reaches anything. */
    workspaces: (access: Access) =>
      db
        .selectFrom("workspace_members as m")
        .where("m.user_id", "=", userIdOf(caller))
        .where(hasRole(WORKSPACE_ROLES.filter((role) => access[role] !== "none")))
        .select("m.workspace_id"),
    /** The caller's own row: none, if nobody here knows them. */
    self: () => db.selectFrom("users as me").where("me.id", "=", userIdOf(caller)),
    /** The caller's own, with what each one's archive adds. */
    exports: () =>
      db
        .selectFrom("storage_exports as e")
        .innerJoin("file_storage as f", "f.id", "e.file_storage_id")
        .where("e.user_id", "=", userIdOf(caller)),
    audit: (access: Access) =>
      db
        .selectFrom("storage_audit as a")
        .where(access.operator === "all" && isOperator(caller) ? sql<boolean>`true` : sql<boolean>`false`),
    updateTokens: () => db.updateTable("s3_tokens").where("user_id", "=", userIdOf(caller)),
  };
}

/** By an index and no further, whatever there is behind them. */
function newestOf(userId: string, workspaceId: string | null, most: number) {
  const newest = (where: RawBuilder<boolean>) => sql`(
    SELECT n.id, n.user_id, n.workspace_id, n.access_level, n.status, n.scan_state, n.content_type, n.created_at
    FROM file_storage n WHERE ${where} ORDER BY n.created_at DESC, n.id DESC LIMIT ${most})`;
  const [inWorkspace, own] = [
    sql<boolean>`n.workspace_id = ${workspaceId}::uuid`,
    sql<boolean>`${workspaceId}::uuid IS NULL AND n.user_id = ${userId}::uuid`,
  ];
  return sql<NewestFile>`(${newest(inWorkspace)} UNION ALL ${newest(own)})`;
}

type NewestFile = Pick<
  Selectable<FileStorage>,
  "id" | "user_id" | "workspace_id" | "access_level" | "status" | "scan_state" | "content_type" | "created_at"
>;

/** A waveform is reached by way of its file alone, whose access is its own. */
const IS_NO_SIDECAR = sql<boolean>`f.content_type <> 'waveform'`;

/** A service is no user: it has nothing of its own but the sessions of what it derives. */
function userIdOf(caller: Caller): string {
  return "service" in caller ? "00000000-0000-0000-0000-000000000000" : caller.userId;
}

/** For what is nobody's: the deployment's own. @throws {UploadError} `forbidden` */
export function requireOperator(caller: Caller, access: Access): void {
  if (access.operator !== "all" || !isOperator(caller))
    throw new UploadError("forbidden", "This is for operators.");
}

export function isOperator(caller: Caller): boolean {
  return "userId" in caller && caller.isOperator === true;
}

function reachesFile(caller: Caller, access: Access): RawBuilder<boolean> {
  if ("service" in caller) return access.service === "all" ? sql`true` : sql`false`;
  return reachedByUser("f", caller.userId, access);
}

/** What is derived is nothing that a browser could go on with; and a service goes on with nothing else. */
function reachesSession(caller: Caller, access: Access): RawBuilder<boolean> {
  if ("service" in caller) return access.service === "own" ? sql`u.origin = 'derived'` : sql`false`;
  return sql`(u.origin <> 'derived' AND ${reachedByUser("u", caller.userId, access)})`;
}

function reachedByUser(table: "f" | "u", userId: string, access: Access): RawBuilder<boolean> {
  if (!isForUsers(access)) return sql`false`;
  const row = sql.raw(table);
  const isOwn = sql<boolean>`${row}.user_id = ${userId}::uuid`;
  const within: Record<Exclude<Reach, "none">, RawBuilder<boolean>> = {
    own: isOwn,
    // Only files are shared; a session is its owner's.
    shared: table === "f" ? sql`(f.access_level <> 'private' OR ${isOwn})` : isOwn,
    all: sql`true`,
  };
  const byReach = Map.groupBy(WORKSPACE_ROLES, (role) => access[role]);
  const conditions = [...byReach].flatMap(([reach, roles]) =>
    reach === "none" ? [] : [sql<boolean>`(${hasRole(roles)} AND ${within[reach]})`],
  );
  return sql`((${row}.workspace_id IS NULL AND ${isOwn}) OR EXISTS (
    SELECT FROM workspace_members m
    WHERE m.workspace_id = ${row}.workspace_id AND m.user_id = ${userId}::uuid AND (${sql.join(conditions, sql` OR `)})))`;
}

/** Hosts have roles of their own: one that we do not know is a viewer's. */
function hasRole(roles: readonly WorkspaceRole[]): RawBuilder<boolean> {
  if (roles.length === 0) return sql`false`;
  if (roles.length === WORKSPACE_ROLES.length) return sql`true`;
  const others = WORKSPACE_ROLES.filter((role) => !roles.includes(role));
  return roles.includes("viewer") ? sql`m.role NOT IN (${list(others)})` : sql`m.role IN (${list(roles)})`;
}

function list(roles: readonly WorkspaceRole[]): RawBuilder<unknown> {
  return sql.join(roles.map((role) => sql.lit(role)));
}
