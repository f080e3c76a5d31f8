import { createHash } from "node:crypto";
import { extensionOf, UploadError } from "@audiotricks/protocol";
import type { CreatedUpload, DeriveFileRequest } from "@audiotricks/protocol/messages";
import { sql } from "kysely";
import type { CallerContext } from "../access/caller-context.ts";
import { beginAgain } from "../begin-again.ts";
import { pinnedTypeOf } from "../pinned-type.ts";
import { isStorableText } from "../storable-text.ts";
import type { ServicePrincipal } from "../storage.ts";
import type { StorageContext } from "../storage-context.ts";
import { answerCreated } from "../uploads/answer-created.ts";
import { type Reserved, type ReservedRow, toReserved } from "../uploads/reserve.ts";
import { getSession } from "../uploads/session.ts";

/**
 * Begins the upload of a file made of another. Row first, as every upload: room in the quota of the other's owner, then
 * signed URLs; the same proof decides at its end. With an idempotency key a repeat finds the session of the first.
 *
 * @throws {UploadError} `file_not_found`, `file_not_ready`, or why its owner could not upload it either.
 */
export async function deriveFile(
  { work }: CallerContext<ServicePrincipal>,
  fileId: string,
  request: DeriveFileRequest,
  { idempotencyKey }: { idempotencyKey?: string } = {},
): Promise<CreatedUpload> {
  const { name, size, category, metadata } = request;
  const texts = [name, ...Object.entries(metadata ?? {}).flat()];
  if (!texts.every(isStorableText))
    throw new UploadError("invalid_request", "Names and metadata must be whole Unicode text.");
  const element = {
    clientId: "derived",
    requestHash: createHash("sha256")
      .update(
        JSON.stringify([
          name,
          size,
          category,
          Object.entries(metadata ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1)),
        ]),
      )
      .digest("hex"),
    name,
    size,
    mimeType: pinnedTypeOf(extensionOf(name) ?? ""),
    contentType: "audio_file",
    contentCategory: category,
    metadata: metadata ?? {},
    expiresInSeconds: work.settings.sessionExpiresIn,
  };
  const reserved = await reserveDerived(work, fileId, idempotencyKey ?? null, element);
  return answerCreated(work, await getSession(work, reserved.sessionId), {
    isResumed: reserved.outcome === "repeated",
    urlLimit: work.settings.firstUrlsPerSession,
  });
}

/**
 * Room for a file made of another, in the name of the other's owner.
 *
 * @param element As `reserve_uploads` takes it.
 */
export async function reserveDerived(
  { db }: Pick<StorageContext, "db">,
  fileId: string,
  idempotencyKey: string | null,
  element: object,
): Promise<Extract<Reserved, { sessionId: string }>> {
  const { rows } = await beginAgain(() =>
    sql<ReservedRow>`
    SELECT outcome, session_id, details
    FROM reserve_derived_upload(${fileId}, ${idempotencyKey}, ${JSON.stringify(element)}::jsonb)`.execute(db),
  );
  const [row] = rows;
  if (row === undefined) throw new Error("reserve_derived_upload gave no answer");
  const reserved = toReserved(row);
  if (reserved.outcome === "refused") throw reserved.error;
  return reserved;
}
