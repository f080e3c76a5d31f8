import { type RawBuilder, sql } from "kysely";
import type { Clock } from "../clock.ts";
import type { FileToDelete } from "../files/delete-file.ts";
import type { StorageContext } from "../storage-context.ts";

/** A delete that its caller is still carrying out is left to them for this long. */
const DELETION_GRACE_MS = 30_000;

/** Of `file_storage f`. */
export function isDeletionDue(clock: Clock): RawBuilder<boolean> {
  return sql`(f.status = 'deleting' AND f.updated_at <= ${clock.in(-DELETION_GRACE_MS)})`;
}

/**
 * Claims files to delete at the store; touching their rows keeps other sweeps away for a while.
 *
 * @param only Just this one.
 */
export async function claimDeletions(
  { db, clock, settings }: StorageContext,
  only?: string,
): Promise<FileToDelete[]> {
  const rows = await db
    .updateTable("file_storage")
    .set({ updated_at: sql<Date>`now()` })
    .where("id", "in", (eb) =>
      eb
        .selectFrom("file_storage as f")
        .select("f.id")
        .where(isDeletionDue(clock))
        .$if(only !== undefined, (query) => query.where("f.id", "=", only ?? ""))
        .orderBy("f.updated_at")
        .limit(settings.sweepBatch)
        .forUpdate()
        .skipLocked(),
    )
    .returning(["id", "storage_path", "storage_provider_id", "user_id", "workspace_id"])
    .execute();
  return rows.map((row) => ({
    id: row.id,
    key: row.storage_path,
    providerId: row.storage_provider_id,
    userId: row.user_id,
    workspaceId: row.workspace_id,
  }));
}
