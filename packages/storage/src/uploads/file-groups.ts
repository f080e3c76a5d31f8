import { type FileGroup, type GroupMark, groupMark, MAX_GROUP } from "@audiotricks/protocol/messages";
import { type RawBuilder, sql, type Transaction } from "kysely";
import type { Database } from "../database.ts";
import { STORED_STATES } from "../files/stored-states.ts";
import type { Session } from "./session.ts";

/** Where `metadata` has the group of a file: what clients put there are texts, and this is none. */
export const GROUP = "$group";
/** Of a group that is never complete, as many are looked at: each that is stored looks at all of them. */
const MOST_WAITING = 2 * MAX_GROUP;

/** The id of the group of a row of `file_storage`, or NULL. By the index of 0033. */
function groupOf(table: string): RawBuilder<string | null> {
  return sql`${sql.ref(`${table}.metadata`)} #>> '{$group,id}'`;
}

/** A group as `metadata` has it when its file is born. */
export function newMark(group: FileGroup): GroupMark {
  return { ...group, id: group.id.toLowerCase(), isOpen: false };
}

export function groupValueOf(metadata: unknown): unknown {
  return typeof metadata === "object" && metadata !== null && GROUP in metadata ? metadata[GROUP] : null;
}

/** The group that a value of `metadata` at `GROUP` is; `null` for what is none. */
export function markOf(value: unknown): GroupMark | null {
  if (typeof value !== "object" || value === null) return null;
  return groupMark.safeParse({ isOpen: false, ...value }).data ?? null;
}

/** A group is its owner's, in one place: whoever else names the same id, or elsewhere, has another. */
export interface Group {
  id: string;
  userId: string;
  /** `null`: the owner's own place, where nobody else reads. */
  workspaceId: string | null;
}

/** Of a row of `file_storage f`. */
export function isOfGroup({ id, userId, workspaceId }: Group): RawBuilder<boolean> {
  return sql<boolean>`(f.metadata ? '$group' AND ${groupOf("f")} = ${id} AND f.user_id = ${userId}::uuid
    AND f.workspace_id IS NOT DISTINCT FROM ${workspaceId}::uuid)`;
}

/**
 * To be called before a transaction takes its first row, where it makes files of groups `stored`: of those that end at the same
 * time, each has to see what the others did, or the last would wait for one that is there. Nobody else takes these locks.
 *
 * @returns The groups, to be released once the files are stored.
 */
export async function lockGroupsOf(
  trx: Transaction<Database>,
  sessions: readonly Session[],
): Promise<Group[]> {
  const groups = new Map<string, Group>();
  for (const { group, userId, workspaceId } of sessions) {
    if (group !== null && userId !== null)
      groups.set(`${userId} ${workspaceId} ${group.id}`, { id: group.id, userId, workspaceId });
  }
  await lockGroups(trx, [...groups.values()]);
  return [...groups.values()];
}

export async function lockGroups(trx: Transaction<Database>, groups: readonly Group[]): Promise<void> {
  if (groups.length === 0) return;
  const keys = groups.map(({ id, userId, workspaceId }) => `${userId} ${workspaceId} ${id}`);
  await sql`
    SELECT pg_advisory_xact_lock(h) FROM (
      SELECT DISTINCT hashtextextended(key, 33) AS h FROM unnest(${keys}::text[]) AS key ORDER BY h
    ) AS locks`.execute(trx);
}

/**
 * Opens all files of a group, if now as many of different names are stored as it waits for; otherwise none. In a workspace they
 * become its members', but one that its owner has opened meanwhile stays as they said. What is stored of an open group later opens at
 * once, and nothing that its owner has closed since is opened again.
 */
export async function releaseGroups(trx: Transaction<Database>, groups: readonly Group[]): Promise<void> {
  for (const group of groups) {
    const isStored = sql`${isOfGroup(group)} AND f.status IN (${sql.join(STORED_STATES)})`;
    const isOpen = sql`coalesce((f.metadata #>> '{$group,isOpen}')::boolean, false)`;
    await sql`
      WITH waiting AS MATERIALIZED (
        SELECT f.id, f.original_filename AS name, (f.metadata #>> '{$group,size}')::integer AS size
        FROM file_storage f
        WHERE ${isStored} AND NOT ${isOpen}
        ORDER BY f.id
        LIMIT ${MOST_WAITING}
        -- Whoever has one of them may want what this has: then all of it is begun again.
        FOR UPDATE OF f NOWAIT
      )
      UPDATE file_storage f SET
        metadata = jsonb_set(f.metadata, '{$group,isOpen}', 'true'),
        access_level = CASE
          WHEN f.access_level = 'private' AND f.workspace_id IS NOT NULL THEN 'workspace' ELSE f.access_level END
      FROM waiting w
      WHERE f.id = w.id AND (
        -- The least: whoever lowers it may be overtaken by one that was announced before.
        (SELECT count(DISTINCT name) >= min(size) FROM waiting)
        OR EXISTS (SELECT FROM file_storage f WHERE ${isStored} AND ${isOpen}))`.execute(trx);
  }
}
