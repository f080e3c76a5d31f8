import type { StoredPart } from "@audiotricks/protocol/messages";
import { listParts } from "../s3/multipart.ts";
import { headObject } from "../s3/objects.ts";
import type { Store } from "../stores.ts";
import type { Session } from "./session.ts";

/**
 * What the store holds of an upload now; a single PUT counts as one part.
 *
 * @returns `undefined` when the store knows no such upload any more.
 */
export async function listStoredParts(store: Store, session: Session): Promise<StoredPart[] | undefined> {
  if (session.target.method === "multipart") {
    const { uploadId } = session.target;
    return uploadId === null ? [] : listParts(store.s3, { key: session.key, uploadId });
  }
  const head = await headObject(store.s3, session.target.tempKey);
  return head === undefined ? [] : [{ partNumber: 1, size: head.size, etag: head.etag }];
}
