import { sql } from "kysely";
import type { FileToDelete } from "../files/delete-file.ts";
import type { StorageContext } from "../storage-context.ts";

/** A delete that its caller is still carrying out is left to them for this long. */
export const DELETION_GRACE_MS = 30_000;

/** Claims files to delete at the store, by id; touching their rows keeps other sweeps away for a while. */
export async function claimDeletions({
  db,
  clock,
  settings,
}: StorageContext): Promise<Map<string, FileToDelete>> {
  const rows = await db
    .updateTable("file_storage")
    .set({ updated_at: sql<Date>`now()` })
    .where("id", "in", (eb) =>
      eb
        .selectFrom("file_storage as f")
        .select("f.id")
        .where("f.status", "=", "deleting")
        .where("f.updated_at", "<=", clock.in(-DELETION_GRACE_MS))
        .orderBy("f.updated_at")
        .limit(settings.sweepBatch)
        .forUpdate()
        .skipLocked(),
    )
    .returning(["id", "storage_path", "storage_provider_id", "user_id", "workspace_id"])
    .execute();
  return new Map(
    rows.map((row) => [
      row.id,
      {
        id: row.id,
        key: row.storage_path,
        providerId: row.storage_provider_id,
        userId: row.user_id,
        workspaceId: row.workspace_id,
      },
    ]),
  );
}
