import { isOurKey } from "../object-key.ts";
import { abortMultipartUpload, listUploads } from "../s3/multipart.ts";
import type { StorageContext } from "../storage-context.ts";
import type { Store } from "../stores.ts";
import { findSessionsByKey, isOver } from "../uploads/session.ts";
import type { SweepRun } from "./sweep-run.ts";

/** An upload at the store that is nobody's any more. */
export interface Leftover {
  key: string;
  uploadId: string;
}

/**
 * Takes away uploads that no open session owns: at keys whose session is over, where a server that stalled or crashed
 * left one, and, after a longer grace, at keys of ours without any row, as after a database was restored. Those of open
 * sessions are theirs, and those at keys that we never make are nobody's business here.
 */
export async function sweepLeftovers(
  { context, report, each }: SweepRun,
  store: Store,
  providerId: string,
): Promise<void> {
  for await (const leftovers of findLeftovers(context, store, providerId)) {
    const keys = new Map(leftovers.map(({ uploadId, key }) => [uploadId, key]));
    await each([...keys.keys()], async (uploadId) => {
      await abortMultipartUpload(store.s3, { key: keys.get(uploadId) ?? "", uploadId });
      report.uploadsAborted++;
    });
  }
}

/** Page by page. */
export async function* findLeftovers(
  context: StorageContext,
  store: Store,
  providerId: string,
): AsyncGenerator<Leftover[]> {
  const { leftoverGraceMs, unknownGraceMs } = context.settings;
  for await (const page of listUploads(store.s3, "")) {
    // By the machine's clock, as the store's dates are: it may be off, and the graces are long.
    const ageOf = (initiatedAt: Date) => Date.now() - initiatedAt.getTime();
    const old = page.filter(({ initiatedAt }) => ageOf(initiatedAt) >= leftoverGraceMs);
    const sessions = await findSessionsByKey(
      context,
      providerId,
      old.map(({ key }) => key),
    );
    yield old.filter(({ key, initiatedAt }) => {
      const session = sessions.get(key);
      if (session !== undefined) return isOver(session);
      return isOurKey(key) && ageOf(initiatedAt) >= unknownGraceMs;
    });
  }
}
