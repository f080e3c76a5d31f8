import { UploadError } from "@audiotricks/protocol";
import type { CompleteUploadRequest, Completion } from "@audiotricks/protocol/messages";
import { Slots } from "../concurrency.ts";
import { findFileRecords } from "../files/file-record.ts";
import type { StorageContext } from "../storage-context.ts";
import { completeSession, work } from "./complete-upload.ts";
import { writeTogether } from "./completion-writes.ts";
import { type Lease, whileLeased } from "./lease.ts";
import { findSessions, type Session } from "./session.ts";
import { stillCompleting } from "./still-completing.ts";

/**
 * Completes sessions that were claimed together, all at once; what they write is gathered, what they ask the store is
 * bounded.
 *
 * @returns What became of each, by session.
 */
export async function completeClaimed(
  context: StorageContext,
  leases: readonly Lease[],
  wishes: ReadonlyMap<string, CompleteUploadRequest>,
): Promise<Map<string, Completion | UploadError>> {
  const bounded = withSlots(context, new Slots(context.settings.storeConcurrency));
  const ids = leases.map(({ sessionId }) => sessionId);
  const requestOf = (id: string) => wishes.get(id) ?? {};
  return whileLeased(context, leases, async () => {
    // Read again: what the one before us did is known only since the leases are ours.
    const sessions = await findSessions(context, ids);
    const together = writeTogether(bounded, leases.length);
    const results = new Map<string, Completion | UploadError>();
    const settled: string[] = [];
    const works = leases.map(async (lease) => {
      const { sessionId } = lease;
      const { writes, leave } = together.seat();
      try {
        const session = sessions.get(sessionId);
        if (session === undefined) return;
        const isSettled = await work(bounded, session, lease, { request: requestOf(sessionId) }, writes);
        if (isSettled) settled.push(sessionId);
        else results.set(sessionId, stillCompleting(session));
      } catch (error) {
        if (!(error instanceof UploadError)) throw error;
        results.set(sessionId, error);
      } finally {
        leave();
      }
    });
    // Nobody is left at work when this ends, also where it fails: the leases end with it.
    const failed = (await Promise.allSettled(works)).find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    for (const [id, result] of await readOutcomes(context, settled, requestOf)) results.set(id, result);
    return results;
  });
}

/** What the rows say of sessions that are no longer ours. */
async function readOutcomes(
  context: StorageContext,
  ids: readonly string[],
  requestOf: (id: string) => CompleteUploadRequest,
): Promise<Map<string, Completion | UploadError>> {
  const sessions = [...(await findSessions(context, ids)).values()];
  const completed = sessions.filter(({ state }) => state === "completed");
  const files = await findFileRecords(
    context.db,
    completed.map(({ fileId }) => fileId),
  );
  const outcomeOf = async (session: Session): Promise<Completion> => {
    const file = session.state === "completed" ? files.get(session.fileId) : undefined;
    return file === undefined
      ? completeSession(context, session, { request: requestOf(session.id) })
      : { state: "completed", sessionId: session.id, file };
  };
  const results = new Map<string, Completion | UploadError>();
  for (const session of sessions) {
    try {
      results.set(session.id, await outcomeOf(session));
    } catch (error) {
      if (!(error instanceof UploadError)) throw error;
      results.set(session.id, error);
    }
  }
  return results;
}

function withSlots(context: StorageContext, slots: Slots): StorageContext {
  const { stores } = context;
  const of: typeof stores.of = async (providerId, subject) => {
    const store = await stores.of(providerId, subject);
    return { ...store, s3: { ...store.s3, slots } };
  };
  return { ...context, stores: { ...stores, of } };
}
