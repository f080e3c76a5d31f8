import { type Kysely, sql } from "kysely";
import { type Operator, recordOperator } from "../audit/operator-audit.ts";
import type { Database } from "../database.ts";
import { OperatorError } from "../operator/operator-error.ts";
import { type Home, setHomeIn } from "./manage-places.ts";

/** The files of one workspace on their way to another bucket. */
export interface MoveSummary {
  id: string;
  workspaceId: string;
  providerId: string;
  state: "running" | "done" | "cancelled";
  createdAt: Date;
  endedAt: Date | null;
  /** Files: still to be copied, put off after a failure, and those whose row names the new bucket. */
  waiting: number;
  failed: number;
  moved: number;
  movedBytes: number;
  /** Old objects, and copies that are not wanted any more, that are still to go. */
  toClear: number;
  /** Of one of those that failed. */
  error: { code: string; message: string } | null;
}

export async function listMoves(db: Kysely<Database>): Promise<MoveSummary[]> {
  const rows = await db
    .selectFrom("move_progress")
    .selectAll()
    .orderBy("created_at", "desc")
    .limit(200)
    .execute();
  return rows.map((row) => ({
    id: row.id ?? "",
    workspaceId: row.workspace_id ?? "",
    providerId: row.storage_provider_id ?? "",
    state: (row.state ?? "running") as MoveSummary["state"],
    createdAt: row.created_at ?? new Date(0),
    endedAt: row.ended_at,
    waiting: Number(row.waiting),
    failed: Number(row.failed),
    moved: Number(row.moved),
    movedBytes: Number(row.moved_bytes),
    toClear: Number(row.to_clear),
    error: row.error_code === null ? null : { code: row.error_code, message: row.error_message ?? "" },
  }));
}

/**
 * Makes the bucket the workspace's home, and begins to move there what it has elsewhere. Reads go on all the while.
 *
 * @returns Id of the move.
 * @throws {OperatorError} `workspace_not_found`, `provider_not_found`, `provider_disabled`, `move_running`.
 */
export async function startMove(
  db: Kysely<Database>,
  workspaceId: string,
  home: Home,
  by?: Operator,
): Promise<string> {
  return await db.transaction().execute(async (trx) => {
    const before = await setHomeIn(trx, workspaceId, home);
    const row = await trx
      .insertInto("storage_moves")
      .values({ workspace_id: workspaceId, storage_provider_id: home.providerId })
      // A literal: in a plan for any value nothing says that it is the index of those that run.
      .onConflict((conflict) =>
        conflict.column("workspace_id").where(sql<boolean>`state = 'running'`).doNothing(),
      )
      .returning("id")
      .executeTakeFirst();
    if (row === undefined)
      throw new OperatorError(
        "move_running",
        `The files of workspace ${workspaceId} are on their way already: see \`place moves\`.`,
      );
    await recordOperator(trx, by, {
      action: "startMove",
      resourceId: workspaceId,
      outcome: "done",
      change: { before: before ?? null, after: home },
    });
    return row.id;
  });
}

/**
 * What has moved stays where it is now; what is being copied is left where it was. The workspace's home stays as the move has made it.
 *
 * @throws {OperatorError} `move_not_found`, where it is not running.
 */
export async function cancelMove(db: Kysely<Database>, moveId: string, by?: Operator): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const row = await trx
      .updateTable("storage_moves")
      .set({ state: "cancelled", ended_at: sql`now()` })
      .where("id", "=", moveId)
      .where("state", "=", "running")
      .returning("workspace_id")
      .executeTakeFirst();
    if (row === undefined) throw new OperatorError("move_not_found", `No move ${moveId} is running.`);
    await trx
      .updateTable("file_moves")
      .set({
        state: "dropping",
        due_at: sql<Date>`now() + CASE state WHEN 'copying' THEN interval '15 minutes' ELSE interval '0' END`,
        attempts: 0,
        lease_token: null,
        error_code: null,
        error_message: null,
      })
      .where("move_id", "=", moveId)
      .where("state", "in", ["pending", "copying", "failed"])
      .execute();
    await recordOperator(trx, by, { action: "cancelMove", resourceId: row.workspace_id, outcome: "done" });
  });
}
