import type { FileRecord } from "@audiotricks/protocol/messages";
import { ACCESS } from "../access/access-table.ts";
import type { CallerContext } from "../access/caller-context.ts";
import { beginAgain } from "../begin-again.ts";
import { requireReadable } from "../files/access-rules.ts";
import { fileNotFound, getFileRecord } from "../files/file-record.ts";
import { STORED_STATES } from "../files/stored-states.ts";
import type { Principal } from "../storage.ts";

/**
 * Has a file fetched back from its cold bucket; whoever may read it may ask. Safe to repeat, also for a file that is not archived.
 *
 * @returns The record: `recalling` until a worker has brought it back.
 * @throws {UploadError} `file_not_found`; `file_not_ready` for one that is in quarantine.
 */
export async function recallFile(context: CallerContext<Principal>, fileId: string): Promise<FileRecord> {
  const { tenant, work } = context;
  const row = await tenant
    .files(ACCESS.recallFile)
    .select(["f.id", "f.status", "f.scan_state"])
    .where("f.id", "=", fileId)
    .where("f.status", "in", STORED_STATES)
    .executeTakeFirst();
  if (row === undefined) throw fileNotFound();
  if (row.status !== "archived" && row.status !== "recalling")
    requireReadable({ state: row.status, scan: row.scan_state });
  if (row.status === "archived")
    await beginAgain(() =>
      work.db
        .updateTable("file_storage")
        .set({ status: "recalling" })
        .where("id", "=", fileId)
        .where("status", "=", "archived")
        .execute(),
    );
  return getFileRecord(work.db, fileId);
}
