import { sessionOfTemporaryKey, TEMPORARY_PREFIX } from "../object-key.ts";
import { deleteObject } from "../s3/delete-objects.ts";
import { listObjects } from "../s3/objects.ts";
import type { Store } from "../stores.ts";
import { completeSession } from "../uploads/complete-upload.ts";
import { findSessions, isOver } from "../uploads/session.ts";
import type { SweepRun } from "./sweep-run.ts";

/**
 * Completes single PUTs that nobody else will, and removes what ended sessions, or URLs used again, left behind; after a
 * longer grace also what has no session at all. Nothing that lies here was ever acknowledged.
 */
export async function sweepTemporary({ context, report, each }: SweepRun, store: Store): Promise<void> {
  let marker: string | undefined;
  do {
    const page = await listObjects(store.s3, {
      prefix: TEMPORARY_PREFIX,
      ...(marker === undefined ? {} : { marker }),
    });
    const objects = new Map(
      page.objects.flatMap((object) => {
        const id = sessionOfTemporaryKey(object.key);
        return id === undefined ? [] : [[id, object] as const];
      }),
    );
    const sessions = await findSessions(context, [...objects.keys()]);
    await each([...objects.keys()], async (id) => {
      const session = sessions.get(id);
      const { key = "", lastModified = new Date() } = objects.get(id) ?? {};
      const isUnknown =
        session === undefined && Date.now() - lastModified.getTime() >= context.settings.unknownGraceMs;
      if (isUnknown || (session !== undefined && isOver(session))) {
        await deleteObject(store.s3, key);
        report.temporaryDeleted++;
      } else if (session?.origin === "s3" && session.state === "active") {
        const { state } = await completeSession(context, session, { request: {}, waitMs: 0 });
        if (state === "completed") report.sessionsCompleted++;
      }
    });
    marker = page.nextMarker;
  } while (marker !== undefined);
}
