import { UploadError } from "@audiotricks/protocol";
import type {
  CompleteUploadRequest,
  CompleteUploadsRequest,
  CompleteUploadsResponse,
} from "@audiotricks/protocol/messages";
import { ACCESS } from "../access/access-table.ts";
import type { CallerContext } from "../access/caller-context.ts";
import { mapConcurrently } from "../concurrency.ts";
import { toToldBody } from "../providers/provider-error.ts";
import { completeClaimed } from "./complete-claimed.ts";
import { completeSession } from "./complete-upload.ts";
import { toStorableRequest } from "./completion-request.ts";
import { claimActive } from "./lease.ts";
import { findOwnSessions, type Session, sessionNotFound } from "./session.ts";

/**
 * Completes a batch; each fails alone. Single PUTs whose turn it is go together: what is written down for one of them is
 * written for all in one statement. Whatever else there is to complete or to find out goes its own way.
 */
export async function completeUploads(
  caller: CallerContext,
  uploads: CompleteUploadsRequest["uploads"],
): Promise<CompleteUploadsResponse["results"]> {
  const wishes = new Map<string, CompleteUploadRequest>();
  for (const { sessionId, ...request } of uploads.map(toStorableRequest)) {
    // As the database writes it; of two wishes for one session the first counts.
    const id = sessionId.toLowerCase();
    if (!wishes.has(id)) wishes.set(id, request);
  }
  const sessions = await findOwnSessions(caller, ACCESS.completeUploads, [...wishes.keys()]);
  const context = caller.work;
  const puts = [...sessions.values()].filter(isReadyPut).map(({ id }) => id);
  const leases = await claimActive(context, puts);
  const claimed = new Set(leases.map(({ sessionId }) => sessionId));
  const others = [...wishes.keys()].filter((id) => !claimed.has(id));

  const [ofClaimed, ofOthers] = await Promise.all([
    completeClaimed(context, leases, wishes),
    mapConcurrently(others, context.settings.storeConcurrency, async (id) => {
      const session = sessions.get(id);
      try {
        if (session === undefined) throw sessionNotFound();
        return await completeSession(context, session, { request: wishes.get(id) ?? {} });
      } catch (error) {
        if (error instanceof UploadError) return error;
        throw error;
      }
    }),
  ]);
  const results = new Map(others.map((id, index) => [id, ofOthers[index]]));
  for (const [id, result] of ofClaimed) results.set(id, result);
  return uploads.map(({ sessionId }) => {
    // Gone since it was found: as absent as any other.
    const result = results.get(sessionId.toLowerCase()) ?? sessionNotFound();
    return result instanceof UploadError ? { sessionId, error: toToldBody(result, context.onError) } : result;
  });
}

function isReadyPut({ state, target }: Session): boolean {
  return state === "active" && target.method === "put";
}
