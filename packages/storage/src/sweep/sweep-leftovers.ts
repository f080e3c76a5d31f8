import { abortMultipartUpload, listUploads } from "../s3/multipart.ts";
import type { Store } from "../stores.ts";
import { findSessionsByKey, isOver } from "../uploads/session.ts";
import type { SweepRun } from "./sweep-run.ts";

/**
 * Takes away uploads at keys whose session is over: a server that stalled or crashed can leave one. Those of open
 * sessions are theirs, and those without a row are nobody's business here.
 */
export async function sweepLeftovers(
  { context, each }: SweepRun,
  store: Store,
  providerId: string,
): Promise<void> {
  // By the machine's clock, as the store's dates are: it may be off, and the grace is long.
  const notAfter = Date.now() - context.settings.leftoverGraceMs;
  for await (const page of listUploads(store.s3, "")) {
    const old = page.filter(({ initiatedAt }) => initiatedAt.getTime() <= notAfter);
    const sessions = await findSessionsByKey(
      context,
      providerId,
      old.map(({ key }) => key),
    );
    const uploads = new Map(old.map((upload) => [upload.uploadId, upload]));
    await each([...uploads.keys()], async (uploadId) => {
      const { key } = uploads.get(uploadId) ?? { key: "" };
      const session = sessions.get(key);
      if (session !== undefined && isOver(session)) await abortMultipartUpload(store.s3, { key, uploadId });
    });
  }
}
