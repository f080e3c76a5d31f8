import { sessionOfTemporaryKey, TEMPORARY_PREFIX } from "../object-key.ts";
import { deleteObject } from "../s3/delete-objects.ts";
import { listObjects } from "../s3/objects.ts";
import type { StorageContext } from "../storage-context.ts";
import type { Store } from "../stores.ts";
import { completeSession } from "../uploads/complete-upload.ts";
import { findSessions, isOver, type Session } from "../uploads/session.ts";
import { type Findings, type Found, passThrough } from "./bucket-pass.ts";
import type { BucketToSweep } from "./find-buckets.ts";
import type { Place } from "./pass-progress.ts";
import type { Step, Turn } from "./step.ts";

/** What is to become of an object that lies where single PUTs land; those that stay are not named. */
export type TemporaryWork = Found & ({ work: "delete" } | { work: "complete"; session: Session });

/**
 * Completes single PUTs that nobody else will, and removes what ended sessions, or URLs used again, left behind; after a
 * longer grace also what has no session at all. Nothing that lies here was ever acknowledged.
 */
export function sweepTemporary(bucket: BucketToSweep): Step {
  return passThrough(bucket, {
    look: (context, store, _, after) => findTemporaryWork(context, store, after),
    work,
  });
}

async function work({ context, report }: Turn, store: Store, found: TemporaryWork): Promise<void> {
  if (found.work === "delete") {
    await deleteObject(store.s3, found.place.key);
    report.temporaryDeleted++;
    return;
  }
  const { state } = await completeSession(context, found.session, { request: {}, waitMs: 0 });
  if (state === "completed") report.sessionsCompleted++;
}

/** Of one page. */
export async function findTemporaryWork(
  context: StorageContext,
  store: Store,
  after: Place,
): Promise<Findings<TemporaryWork>> {
  const { objects, nextMarker } = await listObjects(store.s3, {
    prefix: TEMPORARY_PREFIX,
    ...(after.key === "" ? {} : { marker: after.key }),
  });
  const ours = objects.flatMap(({ key, lastModified }) => {
    const id = sessionOfTemporaryKey(key);
    return id === undefined ? [] : [{ id, place: { key, uploadId: "" }, lastModified }];
  });
  const sessions = await findSessions(
    context,
    ours.map(({ id }) => id),
  );
  const items = ours.flatMap(({ id, place, lastModified }): TemporaryWork[] => {
    const session = sessions.get(id);
    const isUnknown =
      session === undefined && Date.now() - lastModified.getTime() >= context.settings.unknownGraceMs;
    if (isUnknown || (session !== undefined && isOver(session))) return [{ id, place, work: "delete" }];
    if (session?.origin === "s3" && session.state === "active")
      return [{ id, place, work: "complete", session }];
    return [];
  });
  return { items, next: nextMarker === undefined ? undefined : { key: nextMarker, uploadId: "" } };
}
