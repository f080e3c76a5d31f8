import { UploadError } from "@audiotricks/protocol";
import type { CreatedUpload } from "@audiotricks/protocol/messages";
import type { StorageContext } from "../storage-context.ts";
import { missingParts, signPartUrls } from "./first-urls.ts";
import { openAtStore } from "./open-at-store.ts";
import { type Session, storeOf, toUploadSession } from "./session.ts";
import { findProvenParts, listStoredParts } from "./stored-parts.ts";

/**
 * What the beginning of an upload answers: the session as it is at the store, and its first URLs.
 *
 * @param failure Why it could not be set up there just now, if it was tried.
 */
export async function answerCreated(
  context: StorageContext,
  session: Session,
  {
    isResumed,
    urlLimit,
    failure,
  }: { isResumed: boolean; urlLimit: number; failure?: UploadError | undefined },
): Promise<CreatedUpload> {
  let opened: Session;
  try {
    if (failure !== undefined) throw failure;
    opened = await openAtStore(context, session);
  } catch (error) {
    if (!(error instanceof UploadError) || !error.retryable) throw error;
    // The room is made. The caller learns the session, and the store is asked again when it signs.
    return { ...toUploadSession(session, []), urls: [], resumed: isResumed };
  }
  if (opened.state !== "active") {
    // By these the caller can tell whether it is the caller's file that was completed.
    const parts = isResumed ? await findProvenParts(context, opened) : [];
    return { ...toUploadSession(opened, parts), urls: [], resumed: isResumed };
  }
  const store = await storeOf(context, opened);
  const storedParts = isResumed ? ((await listStoredParts(store, opened)) ?? []) : [];
  const urls = signPartUrls(context, store, opened, missingParts(opened, storedParts, urlLimit));
  return { ...toUploadSession(opened, storedParts), urls, resumed: isResumed };
}
