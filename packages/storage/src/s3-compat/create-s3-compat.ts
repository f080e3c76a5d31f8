import { UploadError } from "@audiotricks/protocol";
import { ACCESS } from "../access/access-table.ts";
import { callerContext } from "../access/caller-context.ts";
import { requireListedParts } from "../proof/check-parts.ts";
import { urlOf } from "../s3/bucket-address.ts";
import type { S3Compat } from "../storage.ts";
import type { StorageContext } from "../storage-context.ts";
import { cancelSession } from "../uploads/cancel-upload.ts";
import { completeSession } from "../uploads/complete-upload.ts";
import { type PutTarget, type Session, sessionNotOpen, storeOf } from "../uploads/session.ts";
import { listStoredParts } from "../uploads/stored-parts.ts";
import { getOwnS3Session, openS3Session } from "./s3-session.ts";
import { signS3Part } from "./sign-s3-part.ts";

/** These clients know no `completing`: they get a final answer, or one that says to try again, after this long. */
const COMPLETE_WAIT_MS = 30_000;

/** What Uppy Companion's S3 routes do, with rows, quota and proof like any other upload. */
export function createS3Compat(context: StorageContext): S3Compat {
  const { uploadUrlExpiresIn: expiresIn } = context.settings;
  return {
    presignPost: async (principal, file) => {
      const session = await openS3Session(callerContext(context, principal), file, "put");
      const { s3 } = await storeOf(context, session);
      const { url, fields } = s3.presigner.postObject({
        key: putTargetOf(session).tempKey,
        contentType: session.mimeType,
        maxSize: session.fileSize,
        expiresIn,
      });
      return { url, fields, expiresIn };
    },
    createMultipart: async (principal, file) => {
      const session = await openS3Session(callerContext(context, principal), file, "multipart");
      return { key: session.key, uploadId: session.id };
    },
    signPart: async (principal, upload, partNumber) => {
      const session = await getOwnS3Session(callerContext(context, principal), ACCESS.s3SignPart, upload);
      return { url: await signS3Part(context, session, partNumber), expiresIn };
    },
    listParts: async (principal, upload) => {
      const session = await getOwnS3Session(callerContext(context, principal), ACCESS.s3ListParts, upload);
      if (session.state !== "active" && session.state !== "completing") throw sessionNotOpen(session);
      return (await listStoredParts(await storeOf(context, session), session)) ?? [];
    },
    complete: async (principal, upload, parts) => {
      const session = await getOwnS3Session(callerContext(context, principal), ACCESS.s3Complete, upload);
      const completion = await completeSession(context, session, {
        request: {},
        requireParts: (stored) => requireListedParts(parts, stored, session.fileSize),
        waitMs: COMPLETE_WAIT_MS,
      });
      if (completion.state === "completing") {
        throw new UploadError("storage_unavailable", "The upload is still being completed. Try again.");
      }
      const { s3 } = await storeOf(context, session);
      return { location: urlOf(s3.address, session.key), key: session.key, bucket: s3.bucket };
    },
    abort: async (principal, upload) => {
      await cancelSession(
        context,
        await getOwnS3Session(callerContext(context, principal), ACCESS.s3Abort, upload),
      );
    },
  };
}

function putTargetOf(session: Session): PutTarget {
  if (session.target.method !== "put") throw new Error("reserved as a single PUT, made as multipart");
  return session.target;
}
