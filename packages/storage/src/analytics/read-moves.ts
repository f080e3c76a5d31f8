import type { ArchiveResponse, MovesResponse } from "@audiotricks/protocol/admin";
import { type Kysely, sql } from "kysely";
import { listArchiveRules } from "../archive/manage-rules.ts";
import type { Database } from "../database.ts";
import { listMoves } from "../places/manage-moves.ts";
import { findBuckets } from "./find-buckets.ts";
import { isoOf } from "./period.ts";
import type { Read } from "./read-bounded.ts";

/** Workspaces on their way to another bucket, and those that were. */
export const readMoves: Read<MovesResponse> = async (db) => {
  const moves = await listMoves(db);
  const bucketOf = await findBuckets(db);
  const nameOf = await findWorkspaces(
    db,
    moves.map(({ workspaceId }) => workspaceId),
  );
  return {
    moves: moves.map(({ providerId, createdAt, endedAt, error, ...move }) => ({
      ...move,
      workspaceName: nameOf(move.workspaceId),
      ...bucketOf(providerId),
      createdAt: isoOf(createdAt),
      endedAt: isoOf(endedAt),
      errorCode: error?.code ?? null,
      errorMessage: error?.message ?? null,
    })),
  };
};

/** What goes to cold buckets, and how much is on its way there or back. */
export const readArchive: Read<ArchiveResponse> = async (db) => {
  const rules = await listArchiveRules(db);
  const bucketOf = await findBuckets(db);
  const nameOf = await findWorkspaces(
    db,
    rules.flatMap(({ workspaceId }) => (workspaceId === null ? [] : [workspaceId])),
  );
  const { rows } = await sql<{ kind: string; waiting: number; failed: number }>`
    SELECT kind, count(*) FILTER (WHERE state IN ('pending', 'copying'))::integer AS waiting,
      count(*) FILTER (WHERE state = 'failed')::integer AS failed
    FROM file_moves WHERE kind <> 'move' AND due_at IS NOT NULL GROUP BY kind`.execute(db);
  const onTheirWay = (kind: string) => {
    const { waiting = 0, failed = 0 } = rows.find((row) => row.kind === kind) ?? {};
    return { waiting, failed };
  };
  return {
    rules: rules.map(({ providerId, contentTypes, ...rule }) => ({
      ...rule,
      ...bucketOf(providerId),
      workspaceName: rule.workspaceId === null ? null : nameOf(rule.workspaceId),
      kinds: contentTypes,
    })),
    archiving: onTheirWay("archive"),
    recalling: onTheirWay("recall"),
  };
};

async function findWorkspaces(
  db: Kysely<Database>,
  ids: readonly string[],
): Promise<(id: string) => string | null> {
  if (ids.length === 0) return () => null;
  const rows = await db.selectFrom("workspaces").select(["id", "name"]).where("id", "in", ids).execute();
  const names = new Map(rows.map(({ id, name }) => [id, name]));
  return (id) => names.get(id) ?? null;
}
