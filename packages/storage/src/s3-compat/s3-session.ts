import { S3_LIMITS, UploadError } from "@audiotricks/protocol";
import { sql } from "kysely";
import type { Access } from "../access/access-table.ts";
import type { CallerContext } from "../access/caller-context.ts";
import { isStorableText } from "../storable-text.ts";
import type { Principal, S3CompatFile, S3CompatUpload } from "../storage.ts";
import type { StorageContext } from "../storage-context.ts";
import { cancelSession } from "../uploads/cancel-upload.ts";
import { openAtStore } from "../uploads/open-at-store.ts";
import { contradictsExtension, type Reservation, reserveUploads } from "../uploads/reserve.ts";
import { getOwnSession, getSession, type Session, sessionNotFound } from "../uploads/session.ts";

/**
 * Makes a session for a file whose size is not bound: what the client says of it is a wish, otherwise the ceiling is
 * reserved, or what is left of the quota.
 */
export async function openS3Session(
  caller: CallerContext<Principal>,
  file: S3CompatFile,
  method: "put" | "multipart",
): Promise<Session> {
  const context = caller.work;
  if (!isStorableText(file.name))
    throw new UploadError("invalid_request", "The name must be whole Unicode text.");
  if (contradictsExtension(file.name, file.type)) {
    throw new UploadError(
      "type_not_allowed",
      `The file is announced as ${file.type}, which its name is not.`,
    );
  }
  if (method === "put" && (file.size ?? 0) > S3_LIMITS.maxPartSize) {
    throw new UploadError("file_too_large", "The file is too large to be sent in one piece.", {
      details: { size: file.size, maxFileSize: S3_LIMITS.maxPartSize },
    });
  }
  const sessionId = await reserve(caller, file, method);
  const session = await getSession(context, sessionId);
  try {
    return await openAtStore(context, session);
  } catch (error) {
    // Nobody would ever ask for it again: these routes repeat nothing.
    await cancelSession(context, session).catch(context.onError);
    throw error;
  }
}

/** The caller's own multipart session of these routes, whatever its state. */
export async function getOwnS3Session(
  context: CallerContext,
  access: Access,
  upload: S3CompatUpload,
): Promise<Session> {
  const session = await getOwnSession(context, access, upload.uploadId);
  const isOfTheseRoutes = session.origin === "s3" && session.target.method === "multipart";
  if (!isOfTheseRoutes || session.key !== upload.key) throw sessionNotFound();
  return session;
}

async function reserve(
  context: CallerContext<Principal>,
  file: S3CompatFile,
  method: "put" | "multipart",
): Promise<string> {
  const attempt = async (size: number) => {
    const [reserved] = await reserveUploads(context, [toReservation(file, method, size)], {
      origin: "s3",
      idempotencyKey: undefined,
    });
    if (reserved === undefined) throw new Error("reserve_uploads answered nothing");
    return reserved;
  };
  const wanted = file.size ?? (await findCeiling(context.work, method));
  let reserved = await attempt(wanted);
  if (reserved.outcome === "refused" && file.size === undefined) {
    const left = wanted - Number(reserved.error.details?.overBytes ?? 0);
    if (reserved.error.code === "quota_exceeded" && left > 0 && left < wanted) reserved = await attempt(left);
  }
  if (reserved.outcome === "refused") throw reserved.error;
  return reserved.sessionId;
}

async function findCeiling({ db, settings }: StorageContext, method: "put" | "multipart"): Promise<number> {
  const row = await db
    .selectFrom("storage_providers")
    .select(sql<number>`max_file_size::double precision`.as("max_file_size"))
    .where("is_primary", "=", true)
    .executeTakeFirst();
  return Math.min(
    settings.unknownSizeCeiling,
    row?.max_file_size ?? 1,
    method === "put" ? S3_LIMITS.maxPartSize : S3_LIMITS.maxObjectSize,
  );
}

function toReservation(file: S3CompatFile, method: "put" | "multipart", size: number): Reservation {
  return {
    clientId: "s3",
    requestHash: "",
    name: file.name,
    size,
    sizeKnown: false,
    contentType: "audio_file",
    workspaceId: file.workspaceId ?? null,
    metadata: {},
    method,
  };
}
