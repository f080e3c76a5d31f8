import { STORED_STATES } from "../files/stored-states.ts";
import { keepFindings } from "../reconcile/keep-findings.ts";
import type { StorageContext } from "../storage-context.ts";
import type { ClaimedCopy } from "./claim-copy.ts";

/** A promised file whose object is not there is told of as the nightly reconciliation does; nothing is deleted for it. */
export async function keepCopyFinding(
  { db }: Pick<StorageContext, "db">,
  { fileId: id, key, size, etag, providerId }: ClaimedCopy,
  code: string,
): Promise<void> {
  if (code !== "source_missing") return;
  const row = await db
    .selectFrom("file_storage")
    .select("status")
    .where("id", "=", id)
    .where("status", "in", STORED_STATES)
    .executeTakeFirst();
  if (row === undefined) return;
  const file = { id, key, state: row.status, size, etag };
  await keepFindings(db, [{ kind: "object_missing", providerId, file }]);
}
