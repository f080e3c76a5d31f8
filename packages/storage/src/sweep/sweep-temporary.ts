import { sessionOfTemporaryKey, TEMPORARY_PREFIX } from "../object-key.ts";
import { deleteObject } from "../s3/delete-objects.ts";
import { listObjects } from "../s3/objects.ts";
import type { StorageContext } from "../storage-context.ts";
import type { Store } from "../stores.ts";
import { completeSession } from "../uploads/complete-upload.ts";
import { findSessions, isOver, type Session } from "../uploads/session.ts";
import type { SweepRun } from "./sweep-run.ts";

/** What is to become of an object that lies where single PUTs land; those that stay are not named. */
export type TemporaryWork =
  | { id: string; key: string; work: "delete" }
  | { id: string; key: string; work: "complete"; session: Session };

/**
 * Completes single PUTs that nobody else will, and removes what ended sessions, or URLs used again, left behind; after a
 * longer grace also what has no session at all. Nothing that lies here was ever acknowledged.
 */
export async function sweepTemporary({ context, report, each }: SweepRun, store: Store): Promise<void> {
  for await (const page of findTemporaryWork(context, store)) {
    const works = new Map(page.map((work) => [work.id, work]));
    await each([...works.keys()], async (id) => {
      const found = works.get(id);
      if (found?.work === "delete") {
        await deleteObject(store.s3, found.key);
        report.temporaryDeleted++;
      } else if (found?.work === "complete") {
        const { state } = await completeSession(context, found.session, { request: {}, waitMs: 0 });
        if (state === "completed") report.sessionsCompleted++;
      }
    });
  }
}

/** Page by page. */
export async function* findTemporaryWork(
  context: StorageContext,
  store: Store,
): AsyncGenerator<TemporaryWork[]> {
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
    yield [...objects].flatMap(([id, { key, lastModified }]): TemporaryWork[] => {
      const session = sessions.get(id);
      const isUnknown =
        session === undefined && Date.now() - lastModified.getTime() >= context.settings.unknownGraceMs;
      if (isUnknown || (session !== undefined && isOver(session))) return [{ id, key, work: "delete" }];
      if (session?.origin === "s3" && session.state === "active")
        return [{ id, key, work: "complete", session }];
      return [];
    });
    marker = page.nextMarker;
  } while (marker !== undefined);
}
