import { deleteObject } from "../s3/delete-objects.ts";
import { listObjects } from "../s3/objects.ts";
import type { Store } from "../stores.ts";
import { completeSession } from "../uploads/complete-upload.ts";
import { findSessions, isOver } from "../uploads/session.ts";
import type { SweepRun } from "./sweep-run.ts";

/** The session's id is all that follows it. */
const PREFIX = "temp/uploads/";

/** Completes single PUTs that nobody else will, and removes what ended sessions, or URLs used again, left behind. */
export async function sweepTemporary({ context, report, each }: SweepRun, store: Store): Promise<void> {
  let marker: string | undefined;
  do {
    const page = await listObjects(store.s3, {
      prefix: PREFIX,
      ...(marker === undefined ? {} : { marker }),
    });
    const ids = page.objects.flatMap(({ key }) => sessionIdOf(key) ?? []);
    const sessions = await findSessions(context, ids);
    await each(ids, async (id) => {
      const session = sessions.get(id);
      if (session === undefined) return;
      if (isOver(session)) await deleteObject(store.s3, `${PREFIX}${id}`);
      else if (session.origin === "s3" && session.state === "active") {
        const { state } = await completeSession(context, session, { request: {}, waitMs: 0 });
        if (state === "completed") report.sessionsCompleted++;
      }
    });
    marker = page.nextMarker;
  } while (marker !== undefined);
}

function sessionIdOf(key: string): string | undefined {
  const id = key.slice(PREFIX.length);
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) ? id : undefined;
}
