import { createHash } from "node:crypto";
import { UploadError } from "@audiotricks/protocol";
import { honoursCopyCondition } from "../s3/copy-object.ts";
import { isMd5Etag } from "../s3/etag.ts";
import { abortMultipartUpload, copyPart, createMultipartUpload } from "../s3/multipart.ts";
import { headObject, readStart } from "../s3/objects.ts";
import type { StorageContext } from "../storage-context.ts";
import type { Store } from "../stores.ts";
import type { Assembly } from "./assembly.ts";
import type { PutTarget, Session } from "./session.ts";

/**
 * The bytes of a single PUT, so that none but these can be published: its URL can be used again until it expires. A
 * small file is held here. A larger one stays where it is if the store copies on a condition; otherwise it is held there,
 * as the one part of an upload to the final key.
 */
export type TakenPut = { md5: string } & (
  | { kind: "bytes"; bytes: Uint8Array }
  | { kind: "source"; from: string }
  | { kind: "part"; uploadId: string }
);

/** @param md5 What the caller says the bytes are, if it does. */
export async function takePut(
  { settings }: Pick<StorageContext, "settings">,
  store: Store,
  session: Session & { target: PutTarget },
  md5: string | undefined,
): Promise<TakenPut | Extract<Assembly, { outcome: "returned" | "failed" }>> {
  const isSmall = session.isSizeKnown && session.fileSize <= settings.takeInMemoryUpTo;
  const taken = await (isSmall ? takeBytes(store, session) : takeAtStore(store, session));
  if ("outcome" in taken || md5 === undefined || taken.md5 === md5) return taken;
  await leavePut(store, session, taken);
  return missing();
}

/** Gives up what was taken. */
export async function leavePut(store: Store, { key }: Session, taken: TakenPut): Promise<void> {
  if (taken.kind === "part") await abortMultipartUpload(store.s3, { key, uploadId: taken.uploadId });
}

type Taking = ReturnType<typeof takePut>;

async function takeBytes(store: Store, { target, fileSize }: Session & { target: PutTarget }): Taking {
  const found = await readStart(store.s3, { key: target.tempKey, length: fileSize });
  if (found === undefined) return missing();
  if (found.size !== fileSize) return sizeMismatch(found.size, fileSize);
  if (found.bytes.length !== fileSize) {
    throw new UploadError("storage_unavailable", "The file cannot be read back yet. Try again.");
  }
  const { bytes } = found;
  return { kind: "bytes", md5: createHash("md5").update(bytes).digest("hex"), bytes };
}

async function takeAtStore(store: Store, session: Session & { target: PutTarget }): Taking {
  const { target, fileSize, isSizeKnown } = session;
  const from = target.tempKey;
  const head = await headObject(store.s3, from);
  if (head === undefined) return missing();
  if (isSizeKnown ? head.size !== fileSize : head.size > fileSize) return sizeMismatch(head.size, fileSize);
  if (isMd5Etag(head.etag) && (await honoursCopyCondition(store.s3, from))) {
    return { kind: "source", md5: head.etag, from };
  }
  return takePart(store, session);
}

async function takePart(store: Store, session: Session & { target: PutTarget }): Taking {
  const { key, mimeType: contentType, target } = session;
  const uploadId = await createMultipartUpload(store.s3, { key, contentType });
  try {
    const md5 = await copyPart(store.s3, { key, uploadId, from: target.tempKey });
    if (md5 !== undefined) return { kind: "part", md5, uploadId };
  } catch (error) {
    await abortMultipartUpload(store.s3, { key, uploadId });
    throw error;
  }
  await abortMultipartUpload(store.s3, { key, uploadId });
  return missing();
}

function missing(): Extract<Assembly, { outcome: "returned" }> {
  const error = new UploadError("parts_missing", "The file is not there yet.", { details: { missing: [1] } });
  return { outcome: "returned", error };
}

function sizeMismatch(size: number, announced: number): Extract<Assembly, { outcome: "failed" }> {
  const error = new UploadError(
    "size_mismatch",
    "The store holds another number of bytes than was announced.",
    {
      details: { size, announced },
    },
  );
  return { outcome: "failed", error };
}
