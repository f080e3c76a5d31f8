import type { UploadSession } from "@audiotricks/protocol/messages";
import { ACCESS } from "../access/access-table.ts";
import type { CallerContext } from "../access/caller-context.ts";
import { beginAgain } from "../begin-again.ts";
import { headObject } from "../s3/objects.ts";
import type { StorageContext } from "../storage-context.ts";
import type { Store } from "../stores.ts";
import { openAtStore } from "./open-at-store.ts";
import { getOwnSession, getSession, type Session, storeOf, toUploadSession } from "./session.ts";
import { listStoredParts } from "./stored-parts.ts";

/** One session with the parts the store holds now. One born in SQL is taken to the store by this first look at it. */
export async function getUpload(caller: CallerContext, sessionId: string): Promise<UploadSession> {
  const found = await getOwnSession(caller, ACCESS.getUpload, sessionId);
  const context = caller.work;
  const session = found.isExpired ? found : await openAtStore(context, found);
  if (session.state !== "active" && session.state !== "completing") return toUploadSession(session, []);
  const store = await storeOf(context, session);
  const storedParts = await listStoredParts(store, session);
  if (storedParts !== undefined) return toUploadSession(session, storedParts);
  // Completed meanwhile, as a rule.
  return toUploadSession(await failIfLost(context, store, session), []);
}

/** The store has let go of an upload that was still open, as stores do after some weeks: there is nothing to go on with. */
async function failIfLost(context: StorageContext, store: Store, session: Session): Promise<Session> {
  if (session.state === "active" && (await headObject(store.s3, session.key)) === undefined) {
    await beginAgain(() =>
      context.db.transaction().execute(async (trx) => {
        const { numUpdatedRows } = await trx
          .updateTable("multipart_uploads")
          .set({
            status: "failed",
            error_code: "upload_failed",
            error_message: "The store has lost this upload. Start it again.",
          })
          .where("id", "=", session.id)
          .where("status", "=", "active")
          .executeTakeFirst();
        if (numUpdatedRows === 0n) return;
        await trx
          .updateTable("file_storage")
          .set({ status: "failed" })
          .where("id", "=", session.fileId)
          .where("status", "=", "uploading")
          .execute();
      }),
    );
  }
  return getSession(context, session.id);
}
