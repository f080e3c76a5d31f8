import { UploadError } from "@audiotricks/protocol";
import type { ChangeGroupRequest, GroupState } from "@audiotricks/protocol/messages";
import { sql } from "kysely";
import { ACCESS } from "../access/access-table.ts";
import type { CallerContext } from "../access/caller-context.ts";
import { tenantOf } from "../access/tenant.ts";
import { beginAgain } from "../begin-again.ts";
import { mapConcurrently } from "../concurrency.ts";
import { deleteFile } from "../files/delete-file.ts";
import { STORED_STATES } from "../files/stored-states.ts";
import type { DroppedGroup, Principal } from "../storage.ts";
import { cancelSession } from "./cancel-upload.ts";
import { type Group, groupValueOf, isOfGroup, lockGroups, markOf, releaseGroups } from "./file-groups.ts";
import { findOwnSessions } from "./session.ts";

/** Of one call: a group has at most 200, but who says so is whoever uploads. */
const MOST_DROPPED = 1_000;

/**
 * Has a group of the caller wait for fewer files than it was announced with, and opens it if these are there. Safe to repeat; it never
 * waits for more.
 *
 * @throws {UploadError} `file_not_found`, where nothing of it is there or under way.
 */
export function changeGroup(
  { caller, work }: CallerContext<Principal>,
  id: string,
  { workspaceId, size }: ChangeGroupRequest,
): Promise<GroupState> {
  const group = groupOfCaller(caller, id, workspaceId);
  const change = () =>
    work.db.transaction().execute(async (trx) => {
      await lockGroups(trx, [group]);
      const tenant = tenantOf(trx, caller);
      const members = await tenant
        .files(ACCESS.changeGroup)
        .where(isOfGroup(group))
        .where("f.status", "in", ["uploading", ...STORED_STATES])
        .select(["f.id"])
        .orderBy("f.id")
        .limit(MOST_DROPPED)
        .forUpdate("f")
        .noWait()
        .execute();
      const ids = members.map((member) => member.id);
      if (ids.length === 0) throw groupNotFound();
      await sql`
        UPDATE file_storage f SET metadata = jsonb_set(metadata, '{$group,size}', to_jsonb(${size}::integer))
        WHERE f.id = ANY (${ids}::uuid[]) AND (metadata #>> '{$group,size}')::integer > ${size}`.execute(trx);
      await releaseGroups(trx, [group]);
      const rows = await tenant
        .files(ACCESS.changeGroup)
        .where("f.id", "in", ids)
        .select(["f.status", "f.metadata"])
        .execute();
      const stored = rows.filter(({ status }) => STORED_STATES.some((state) => state === status));
      const marks = rows.flatMap(({ metadata }) => markOf(groupValueOf(metadata)) ?? []);
      const [first] = marks;
      if (first === undefined) throw groupNotFound();
      return {
        ...first,
        size: Math.min(...marks.map((mark) => mark.size)),
        isOpen: marks.some(({ isOpen }) => isOpen),
        stored: stored.length,
      };
    });
  return beginAgain(change);
}

/**
 * Ends all of a group of the caller: uploads that are under way are cancelled, and files that are there are deleted. Each ends as it would
 * alone, so what it had of the quota is free once; safe to repeat.
 *
 * @returns `left` of them could not be ended now, because the store did not answer or somebody else was at it.
 */
export async function dropGroup(
  context: CallerContext<Principal>,
  id: string,
  workspaceId: string | undefined,
): Promise<DroppedGroup> {
  const { caller, tenant, work } = context;
  const { storeConcurrency } = work.settings;
  const group = groupOfCaller(caller, id, workspaceId);
  const ended: DroppedGroup["ended"] = [];
  const attempt = async (memberId: string, end: () => Promise<unknown>) => {
    try {
      await end();
      ended.push({ id: memberId, outcome: "done" });
      return true;
    } catch (error) {
      // Stored a moment ago, and deleted with the others.
      if (error instanceof UploadError && error.code === "session_completed") return false;
      if (!(error instanceof UploadError)) work.onError(error);
      ended.push({ id: memberId, outcome: error instanceof UploadError ? error.code : "internal" });
      return false;
    }
  };

  const open = await tenant
    .sessions(ACCESS.dropGroup)
    .where(isOfGroup(group))
    .where("u.status", "in", ["creating", "active", "completing"])
    .select("u.id")
    .limit(MOST_DROPPED)
    .execute();
  const sessions = await findOwnSessions(
    context,
    ACCESS.dropGroup,
    open.map((session) => session.id),
  );
  const cancelled = await mapConcurrently([...sessions.values()], storeConcurrency, (session) =>
    attempt(session.id, () => cancelSession(work, session)),
  );

  const files = await tenant
    .files(ACCESS.dropGroup)
    .where(isOfGroup(group))
    .where("f.status", "in", STORED_STATES)
    .select("f.id")
    .limit(MOST_DROPPED)
    .execute();
  const deleted = await mapConcurrently(files, storeConcurrency, (file) =>
    attempt(file.id, () => deleteFile(context, file.id)),
  );
  return {
    id,
    cancelled: cancelled.filter(Boolean).length,
    deleted: deleted.filter(Boolean).length,
    left: ended.filter(({ outcome }) => outcome !== "done").length,
    ended,
  };
}

function groupOfCaller({ userId }: Principal, id: string, workspaceId: string | undefined): Group {
  return { id: id.toLowerCase(), userId, workspaceId: workspaceId ?? null };
}

function groupNotFound(): UploadError {
  return new UploadError("file_not_found", "There is no such group of files.");
}
