import type { StorageContext } from "../storage-context.ts";
import { completeSession, reconcileSession } from "../uploads/complete-upload.ts";
import { findSession } from "../uploads/session.ts";

/**
 * Where Complete went out, finds out what became of it; where it did not, does what the caller had asked for.
 *
 * @returns Whether the session is completed now.
 */
export async function goOnCompleting(context: StorageContext, sessionId: string): Promise<boolean> {
  const session = await findSession(context, sessionId);
  if (session?.state !== "completing") return false;
  // Through `/s3` only the caller knows which parts make the file.
  const knowsItsParts = session.target.method === "put" || session.origin !== "s3";
  if (session.completeSentAgoMs !== null || !knowsItsParts) await reconcileSession(context, sessionId);
  else await completeSession(context, session, { request: {}, waitMs: 0 });
  return (await findSession(context, sessionId))?.state === "completed";
}
