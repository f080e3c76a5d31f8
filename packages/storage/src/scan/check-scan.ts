import type { Selectable, UpdateObject } from "kysely";
import type { ClaimedCheck } from "../checks/claim-check.ts";
import { settleCheck } from "../checks/settle-check.ts";
import type { Database } from "../database.ts";
import type { FileStorage } from "../database-schema.ts";
import { followAccess } from "../files/follow-access.ts";
import { accessChangeOf } from "../files/settle-access.ts";
import { readObject } from "../proof/read-object.ts";
import type { StorageContext } from "../storage-context.ts";
import { readPieces } from "./read-pieces.ts";
import type { Scanning, ScanVerdict } from "./scanner.ts";

/**
 * Has a file scanned and does what follows: it is given out from now on, or goes into quarantine, and is taken back from where anyone
 * reads it.
 *
 * @returns What put it into quarantine, if that is where it went.
 * @throws What the store did, or `ScannerUnavailable`.
 */
export async function checkScan(
  context: StorageContext,
  { scanner, tooLarge = "quarantine" }: Scanning,
  check: ClaimedCheck,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { fileId, userId, workspaceId, size, key } = check;
  const { s3 } = await context.stores.of(check.providerId, { fileId, userId, workspaceId });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(check.limitMs)]);
  const read = () => readPieces(readObject({ ...s3, signal: limit }, key), size);
  const verdict = await scanner.scan({ size, read }, { signal: limit });

  let wasQuarantined = false;
  const row = await settleCheck(
    context,
    check,
    (before) => {
      // Somebody else may have put it there already.
      wasQuarantined = before.status === "quarantined";
      return changeBy(verdict, before, tooLarge, context);
    },
    async (trx, after) => {
      if (after.status !== "quarantined" || wasQuarantined) return;
      await trx
        .insertInto("audit_logs")
        .values({
          user_id: null,
          action: "file_quarantined",
          resource: "file_storage",
          resource_id: fileId,
          category: "storage",
          details: JSON.stringify({ outcome: verdict.outcome, verdict: after.scan_verdict }),
        })
        .execute();
    },
  );
  if (row === undefined || row.status !== "quarantined" || wasQuarantined) return undefined;
  // What cannot be done now the sweep does.
  await followAccess(context, accessChangeOf(row, false)).catch(context.onError);
  return row.scan_verdict ?? verdict.outcome;
}

function changeBy(
  verdict: ScanVerdict,
  before: Selectable<FileStorage>,
  tooLarge: "quarantine" | "allow",
  { clock }: Pick<StorageContext, "clock">,
): UpdateObject<Database, "file_storage"> {
  const said = { scan_state: verdict.outcome, scanned_at: clock.now() };
  switch (verdict.outcome) {
    case "clean":
      return { ...said, scan_verdict: null };
    case "infected":
      return { ...said, scan_verdict: verdict.name, status: "quarantined" };
    case "too_large": {
      const why =
        verdict.limit === undefined ? "larger than the scanner takes" : `larger than ${verdict.limit} bytes`;
      const isKept = tooLarge === "quarantine" || before.status === "quarantined";
      return { ...said, scan_verdict: why, ...(isKept ? { status: "quarantined" } : {}) };
    }
  }
}
