import { createHash } from "node:crypto";
import { decodePeaks, UploadError } from "@audiotricks/protocol";
import { ACCESS } from "../access/access-table.ts";
import type { CallerContext } from "../access/caller-context.ts";
import { putObject } from "../s3/objects.ts";
import type { Principal } from "../storage.ts";
import { completeSession } from "../uploads/complete-upload.ts";
import { openAtStore } from "../uploads/open-at-store.ts";
import { getSession, type Session, storeOf } from "../uploads/session.ts";
import { mayNotChange } from "./change-files.ts";
import { reserveDerived } from "./derive-file.ts";
import { fileNotFound } from "./file-record.ts";
import { STORED_STATES } from "./stored-states.ts";
import { findDrawn } from "./waveforms.ts";

/** Of one that came to nothing, the sweep takes away what is left. */
const SESSION_SECONDS = 600;
/** Times that keeping the same file's peaks may come to nothing. */
const MAX_ATTEMPTS = 8;

/**
 * Keeps the peaks of a sound file as a file of its own: room in the quota first, then the object, proved as any upload is. Safe to repeat, at
 * once as well: the first that came stays.
 *
 * @returns `pending` while the store has not decided.
 * @throws {UploadError} `invalid_request` for what are no peaks, `file_not_found`, `forbidden` for a file that the caller sees and does not own,
 *   `file_not_ready`, or why its owner could not upload it either.
 */
export async function keepWaveform(
  context: CallerContext<Principal>,
  fileId: string,
  bytes: Uint8Array,
): Promise<{ state: "stored" | "pending" }> {
  const { work } = context;
  await requireOwnSound(context, fileId);
  if (decodePeaks(bytes) === null) throw new UploadError("invalid_request", "These are no peaks.");
  if ((await findDrawn(work.db, [fileId])).has(fileId)) return { state: "stored" };
  const md5 = createHash("md5").update(bytes).digest("hex");
  const session = await openSession(context, fileId, bytes.length);
  if (session.state === "completed") return { state: "stored" };
  if (session.state === "active" && session.target.method === "put") {
    const { s3 } = await storeOf(work, session);
    const { tempKey: key } = session.target;
    const etag = await putObject(s3, { key, bytes, md5, contentType: session.mimeType });
    if (etag === undefined) throw new UploadError("storage_unavailable", "The store did not take the peaks.");
  }
  const { state } = await completeSession(work, session, { request: {} });
  return { state: state === "completed" ? "stored" : "pending" };
}

async function requireOwnSound({ tenant }: CallerContext<Principal>, fileId: string): Promise<void> {
  const stored = (access: (typeof ACCESS)[keyof typeof ACCESS]) =>
    tenant
      .files(access)
      .select("f.content_type")
      .where("f.id", "=", fileId)
      .where("f.status", "in", STORED_STATES)
      .executeTakeFirst();
  const file = await stored(ACCESS.keepWaveform);
  if (file === undefined)
    throw (await stored(ACCESS.getFile)) === undefined ? fileNotFound() : mayNotChange();
  if (file.content_type !== "audio_file")
    throw new UploadError("invalid_request", "Only sound files have a waveform.");
}

/** The session of whoever began to keep it, or another one after those that came to nothing. */
async function openSession(
  { work }: CallerContext<Principal>,
  fileId: string,
  size: number,
): Promise<Session> {
  const element = {
    clientId: "waveform",
    // Whatever the peaks are: there is one session for all who want to keep them.
    requestHash: "waveform",
    name: "waveform.dat",
    size,
    contentType: "waveform",
    contentCategory: "thumbnail",
    method: "put",
    expiresInSeconds: SESSION_SECONDS,
  };
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const { sessionId } = await reserveDerived(work, fileId, `waveform ${attempt}`, element);
    const session = await openAtStore(work, await getSession(work, sessionId));
    const isOver = ["aborting", "aborted", "failed"].includes(session.state) || session.isExpired;
    if (isOver) continue;
    if (session.fileSize !== size) throw new UploadError("file_not_ready", "Other peaks are being kept.");
    return session;
  }
  throw new UploadError("file_not_ready", "Its peaks could not be kept.");
}
