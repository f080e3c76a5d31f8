import { setTimeout as delay } from "node:timers/promises";
import { UploadError } from "@audiotricks/protocol";
import type { CancelResponse } from "@audiotricks/protocol/messages";
import { ACCESS } from "../access/access-table.ts";
import type { CallerContext } from "../access/caller-context.ts";
import type { StorageContext } from "../storage-context.ts";
import { abortAtStore } from "./abort-at-store.ts";
import { reconcileSession } from "./complete-upload.ts";
import { claimForAborting } from "./lease.ts";
import { getOwnSession, getSession, type Session, sessionNotOpen } from "./session.ts";

export async function cancelUpload(context: CallerContext, sessionId: string): Promise<CancelResponse> {
  return cancelSession(context.work, await getOwnSession(context, ACCESS.cancelUpload, sessionId));
}

/**
 * Ends a session that is not to be completed. Against a complete at the same time exactly one wins: the change to
 * `aborting` and the note that Complete goes out exclude each other, and once it is out its result is awaited.
 *
 * @throws {UploadError} `session_completed` if the other won; `storage_unavailable` while that is not yet known.
 */
export async function cancelSession(context: StorageContext, found: Session): Promise<CancelResponse> {
  const deadline = Date.now() + context.settings.waitForOtherMs;
  let session = found;
  for (;;) {
    if (session.state === "completed") throw sessionNotOpen(session);
    if (session.state === "aborted" || session.state === "failed") {
      return { sessionId: session.id, state: session.state };
    }
    const lease = await claimForAborting(context, session.id);
    if (lease !== undefined) {
      const isGone = await abortAtStore(context, session.id, lease);
      return { sessionId: session.id, state: isGone ? "aborted" : "aborting" };
    }
    session = await getSession(context, session.id);
    if (session.state === "completing" && session.completeSentAgoMs !== null && !session.isLeased) {
      await reconcileSession(context, session.id);
      session = await getSession(context, session.id);
      if (session.state !== "completing") continue;
    }
    if (Date.now() >= deadline) {
      if (session.state === "aborting") return { sessionId: session.id, state: "aborting" };
      throw new UploadError("storage_unavailable", `The upload is ${session.state} right now. Try again.`, {
        details: { state: session.state },
      });
    }
    await delay(100);
    session = await getSession(context, session.id);
  }
}
