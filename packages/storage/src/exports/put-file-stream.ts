import { createHash } from "node:crypto";
import { extensionOf, UploadError } from "@audiotricks/protocol";
import type { FileRecord } from "@audiotricks/protocol/messages";
import { sql } from "kysely";
import type { CallerContext } from "../access/caller-context.ts";
import { beginAgain } from "../begin-again.ts";
import { getFileRecord } from "../files/file-record.ts";
import { pinnedTypeOf } from "../pinned-type.ts";
import { requireListedParts } from "../proof/check-parts.ts";
import { type ByteCutter, type CutBytes, createByteCutter } from "../s3/byte-cutter.ts";
import { hashing } from "../s3/hashing.ts";
import { partSizeOnLadder } from "../s3/part-ladder.ts";
import { sendParts } from "../s3/send-parts.ts";
import { isStorableText } from "../storable-text.ts";
import type { NewFileStream, ServicePrincipal } from "../storage.ts";
import type { StorageContext } from "../storage-context.ts";
import { cancelSession } from "../uploads/cancel-upload.ts";
import { completeSession } from "../uploads/complete-upload.ts";
import { openAtStore } from "../uploads/open-at-store.ts";
import { type ReservedRow, toReserved } from "../uploads/reserve.ts";
import { getSession, type Session, sessionNotOpen, storeOf } from "../uploads/session.ts";
import { gzipped, isWorthPacking } from "./gzip-stream.ts";
import { growingRoom } from "./stream-room.ts";

const LANES = 4;
const MEMORY = 64 * 1024 * 1024;

/**
 * Writes what a service makes, as it makes it, as a file of a user's: row first, room in the quota before bytes leave, and the proof
 * of every upload at its end. A repeat with the same key finds the file of the first, or sends all of it again.
 */
export async function putFileStream(
  { work: context }: CallerContext<ServicePrincipal>,
  file: NewFileStream,
  { idempotencyKey, signal }: { idempotencyKey?: string; signal?: AbortSignal } = {},
): Promise<FileRecord> {
  requireStorable(file);
  const packs = isWorthPacking(extensionOf(file.name));
  const sha256 = createHash("sha256");
  using cutter = createByteCutter(hashing(packs ? gzipped(file.source) : file.source, sha256));
  const first = await cutter.next(partSizeOnLadder(1));
  const reserved = await reserve(context, file, { size: first.bytes.length, packs, idempotencyKey });
  const session = await getSession(context, reserved.sessionId);
  if (session.state === "completed") return getFileRecord(context.db, session.fileId);
  try {
    return await send(context, session, { cutter, first, maxSize: file.maxSize, sha256, signal });
  } catch (error) {
    const file = await giveUp(context, session.id).catch(context.onError);
    if (file !== undefined) return file;
    throw error;
  }
}

/**
 * Ends what came to nothing, and lets a repeat with the same key begin anew.
 *
 * @returns The file, where another that repeats the same has brought it to its end meanwhile.
 */
async function giveUp(context: StorageContext, sessionId: string): Promise<FileRecord | undefined> {
  const session = await getSession(context, sessionId);
  if (session.state === "completed") return getFileRecord(context.db, session.fileId);
  await cancelSession(context, session);
  await context.db
    .updateTable("multipart_uploads")
    .set({ idempotency_key: null })
    .where("id", "=", sessionId)
    .where("status", "in", ["aborting", "aborted", "failed"])
    .execute();
  return undefined;
}

interface Stream {
  cutter: ByteCutter;
  first: CutBytes;
  maxSize: number | undefined;
  sha256: ReturnType<typeof createHash>;
  signal: AbortSignal | undefined;
}

async function send(context: StorageContext, born: Session, stream: Stream): Promise<FileRecord> {
  const session = await openAtStore(context, born);
  if (session.state !== "active" || session.target.method !== "multipart") throw sessionNotOpen(session);
  const { s3 } = await storeOf(context, session);
  const { key, target } = session;
  const { cutter, first, maxSize, signal } = stream;
  const parts = await sendParts(
    signal === undefined ? s3 : { ...s3, signal },
    { key, uploadId: target.uploadId ?? "", cutter, first },
    {
      partSizeOf: partSizeOnLadder,
      lanes: LANES,
      memory: MEMORY,
      beforePart: growingRoom(context, session, { maxSize }),
    },
  );
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  const completion = await completeSession(context, session, {
    request: { sha256: stream.sha256.digest("hex") },
    requireParts: (stored) => requireListedParts(parts, stored, size),
    waitMs: COMPLETE_WAIT_MS,
  });
  if (completion.state === "completed") return completion.file;
  throw new UploadError("storage_unavailable", "The file is still being completed. Ask again.", {
    details: { state: "completing" },
  });
}

/** How long another that repeats the same is waited for. */
const COMPLETE_WAIT_MS = 30_000;

async function reserve(
  { db, settings }: StorageContext,
  file: NewFileStream,
  { size, packs, idempotencyKey }: { size: number; packs: boolean; idempotencyKey: string | undefined },
): Promise<{ sessionId: string }> {
  const { name, workspaceId = null, metadata = {}, expiresAt } = file;
  const element = {
    clientId: "stream",
    requestHash: createHash("sha256")
      .update(
        JSON.stringify([
          name,
          workspaceId,
          Object.entries(metadata).toSorted(([a], [b]) => (a < b ? -1 : 1)),
        ]),
      )
      .digest("hex"),
    name,
    size,
    sizeKnown: false,
    mimeType: pinnedTypeOf(extensionOf(name) ?? ""),
    contentType: "export_file",
    workspaceId,
    metadata,
    method: "multipart",
    ...(packs ? { contentEncoding: "gzip" } : {}),
    expiresInSeconds: settings.sessionExpiresIn,
    ...(expiresAt === undefined ? {} : { fileExpiresAt: expiresAt }),
  };
  const { rows } = await beginAgain(() =>
    sql<ReservedRow>`
      SELECT outcome, session_id, details
      FROM reserve_service_upload(${file.userId}, ${idempotencyKey ?? null}, ${JSON.stringify(element)}::jsonb)`.execute(
      db,
    ),
  );
  const [row] = rows;
  if (row === undefined) throw new Error("reserve_service_upload gave no answer");
  const reserved = toReserved(row);
  if (reserved.outcome === "refused") throw reserved.error;
  return reserved;
}

function requireStorable({ name, metadata = {}, expiresAt }: NewFileStream): void {
  if (![name, ...Object.entries(metadata).flat()].every(isStorableText))
    throw new UploadError("invalid_request", "Names and metadata must be whole Unicode text.");
  if (name.length > 500 || name.length === 0)
    throw new UploadError("invalid_request", "A name has from 1 to 500 characters.");
  if (expiresAt && !(expiresAt.getTime() > Date.now()))
    throw new UploadError("invalid_request", "A file cannot expire before it is there.");
}
