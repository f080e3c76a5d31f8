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
  // Without a known size only whoever sent the parts knows which make the file: what the store has may be of an earlier layout, or came late.
  const knowsItsParts = session.target.method === "put" || session.isSizeKnown;
  if (session.completeSentAgoMs !== null || !knowsItsParts) await reconcileSession(context, sessionId);
  else await completeSession(context, session, { request: {}, waitMs: 0 });
  return (await findSession(context, sessionId))?.state === "completed";
}
