import type { StoredPart } from "@audiotricks/protocol/messages";
import { listParts } from "../s3/multipart.ts";
import { headObject } from "../s3/objects.ts";
import type { StorageContext } from "../storage-context.ts";
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

/**
 * What the store listed when the object was about to be made of it; afterwards the store knows of no parts. Empty before, when
 * there is only a browser's word for them, and where ETags are not MD5s.
 */
export async function findProvenParts(
  { db }: Pick<StorageContext, "db">,
  session: Session,
): Promise<StoredPart[]> {
  if (session.target.method === "put") {
    const { putEtag } = session.target;
    return putEtag === null ? [] : [{ partNumber: 1, size: session.fileSize, etag: putEtag }];
  }
  // From then on no row is a browser's word: those that differed were replaced in the same transaction.
  if (session.completeSentAgoMs === null) return [];
  const rows = await db
    .selectFrom("upload_chunks")
    .select(["chunk_number", "chunk_size", "checksum_md5"])
    .where("multipart_upload_id", "=", session.id)
    .where("checksum_md5", "is not", null)
    .orderBy("chunk_number")
    .execute();
  return rows.flatMap(({ chunk_number, chunk_size, checksum_md5 }) =>
    checksum_md5 === null ? [] : [{ partNumber: chunk_number, size: Number(chunk_size), etag: checksum_md5 }],
  );
}
