import type { ExportRecord } from "@audiotricks/protocol/messages";
import type { CallerContext } from "../access/caller-context.ts";
import { finishDeleting } from "../files/delete-file.ts";
import { STORED_STATES } from "../files/stored-states.ts";
import type { Principal } from "../storage.ts";
import { cancelSession } from "../uploads/cancel-upload.ts";
import { getSession } from "../uploads/session.ts";
import { exportNotFound, getExport } from "./export-record.ts";

/** The row first: whoever is at it stops at its next part. Then its upload, or its archive where that was there before. */
export async function cancelExport(
  context: CallerContext<Principal>,
  exportId: string,
): Promise<ExportRecord> {
  const { tenant, work } = context;
  const row = await tenant
    .exports()
    .where("e.id", "=", exportId)
    .select([
      "e.session_id",
      "f.id",
      "f.storage_path as key",
      "f.storage_provider_id as providerId",
      "f.user_id as userId",
    ])
    .executeTakeFirst();
  if (row === undefined) throw exportNotFound();
  await work.db
    .updateTable("storage_exports")
    .set({ status: "cancelled", finished_at: work.clock.now(), lease_token: null, lease_expires_at: null })
    .where("id", "=", exportId)
    .where("status", "in", ["queued", "running"])
    .execute();
  // Where the store is putting it together it ends as it ends, and then its time is over.
  await work.db
    .updateTable("file_storage")
    .set({ expires_at: work.clock.now() })
    .where("id", "=", row.id)
    .where("status", "=", "uploading")
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom("storage_exports")
          .select("id")
          .where("id", "=", exportId)
          .where("status", "=", "cancelled"),
      ),
    )
    .execute();
  // Completed by now, or over: then the file is what is left. A store that is away is the sweep's to ask again.
  await cancelSession(work, await getSession(work, row.session_id)).catch(() => undefined);
  const { numUpdatedRows } = await work.db
    .updateTable("file_storage")
    .set({ status: "deleting", cdn_url: null })
    .where("id", "=", row.id)
    .where("status", "in", STORED_STATES)
    .executeTakeFirst();
  if (numUpdatedRows > 0n) await finishDeleting(work, { ...row, workspaceId: null }).catch(work.onError);
  return getExport(context, exportId);
}
