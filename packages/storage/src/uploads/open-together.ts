import { UploadError } from "@audiotricks/protocol";
import { mapConcurrently } from "../concurrency.ts";
import { createMultipartUpload } from "../s3/multipart.ts";
import type { StorageContext } from "../storage-context.ts";
import { claimNew, type Lease, letGo, whileLeased } from "./lease.ts";
import { leaveUnused, recordOpened } from "./open-at-store.ts";
import { getSession, type Session, storeOf } from "./session.ts";

/**
 * Brings sessions that were just born to `active`, together: what is written down for one is written for all. Those that
 * somebody has been at are left to `openAtStore`.
 *
 * @returns The store's ids of those that are `active` by this, and why others could not be: these stay `creating` and can be
 *   asked for again. What became of the rest is for the database to say.
 */
export async function openTogether(
  context: StorageContext,
  sessions: readonly Session[],
): Promise<{ opened: Map<string, string>; failures: Map<string, UploadError> }> {
  const byId = new Map(sessions.map((session) => [session.id, session]));
  const leases = await claimNew(context, [...byId.keys()]);
  const failures = new Map<string, UploadError>();
  if (leases.length === 0) return { opened: new Map(), failures };
  const unexpected: unknown[] = [];
  const written = await whileLeased(context, leases, async () => {
    const opened: { lease: Lease; uploadId: string }[] = [];
    await mapConcurrently(leases, context.settings.storeConcurrency, async (lease) => {
      const session = byId.get(lease.sessionId);
      if (session === undefined) return;
      try {
        const { s3 } = await storeOf(context, session);
        const uploadId = await createMultipartUpload(s3, { key: session.key, contentType: session.mimeType });
        opened.push({ lease, uploadId });
      } catch (error) {
        if (error instanceof UploadError) failures.set(session.id, error);
        else unexpected.push(error);
        await letGo(context, lease);
      }
    });
    return record(context, opened);
  });
  // Only now: what could be opened is.
  if (unexpected.length > 0) throw unexpected[0];
  return { opened: written, failures };
}

async function record(
  context: StorageContext,
  opened: readonly { lease: Lease; uploadId: string }[],
): Promise<Map<string, string>> {
  if (opened.length === 0) return new Map();
  let written: Set<string>;
  try {
    written = await recordOpened(context, opened);
  } catch (error) {
    for (const { lease } of opened) await letGo(context, lease);
    throw error;
  }
  for (const { lease, uploadId } of opened) {
    if (written.has(lease.sessionId)) continue;
    const current = await getSession(context, lease.sessionId);
    await leaveUnused(await storeOf(context, current), current, uploadId);
  }
  const mine = opened.filter(({ lease }) => written.has(lease.sessionId));
  return new Map(mine.map(({ lease, uploadId }) => [lease.sessionId, uploadId]));
}
