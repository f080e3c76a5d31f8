import { sql } from "kysely";
import type { ByteBudget } from "../backup/byte-budget.ts";
import { copyAcross } from "../backup/copy-across.ts";
import { CopyFailure, onSide } from "../backup/copy-failure.ts";
import { planCopy } from "../backup/plan-copy.ts";
import { deleteObject } from "../s3/delete-objects.ts";
import { abortMultipartUpload } from "../s3/multipart.ts";
import { putObjectAcl } from "../s3/object-acl.ts";
import { headObject } from "../s3/objects.ts";
import type { S3Connection } from "../s3/s3-connection.ts";
import type { StorageContext } from "../storage-context.ts";
import type { ClaimedMove } from "./claim-move.ts";
import { dropMove, endMove, handOver, noteMoveUpload, putOffMove, renewMove } from "./settle-move.ts";

/** Seldom enough to cost nothing, and often enough beside the lease. */
const RENEW_EVERY_MS = 30_000;
/** After the last URL to the old object has run out. */
const GRACE_MS = 900_000;
/** URLs of public objects stand in other people's pages. */
const KEEP_PUBLIC_MS = 7 * 86_400_000;
/**
 * Longest that the end of a move takes, all waiting for a turn included: well below its lease. When a delete goes out, nobody else can
 * have ended the move by then, and the file be on its way back to the place that is cleared.
 */
const ENDING_MS = 120_000;
/** The store is being told who may read the file. */
const SETTLING_WAIT_MS = 60_000;

interface Carrying {
  memory: ByteBudget;
  /** Told of the bytes as they arrive. */
  moved: (bytes: number) => void;
}

/**
 * Copies one file to the bucket that it moves to, lets anyone read it there whom the old one lets, and has the row name it.
 *
 * @returns Whether it has moved.
 * @throws {CopyFailure} Or `UploadError`, where one of the buckets cannot be opened.
 */
export async function moveFile(
  context: StorageContext,
  move: ClaimedMove,
  { memory, moved }: Carrying,
): Promise<boolean> {
  const subject = { fileId: move.fileId, userId: move.userId, workspaceId: move.workspaceId };
  const from = await context.stores.of(move.fromId, subject);
  const to = await context.stores.of(move.toId, subject);
  const { key, size, partSize } = move;
  const etag = move.etag ?? (await findEtag(from.s3, move));
  let renewedAt = performance.now();
  let hasMoved = false;
  const copyEtag = await copyAcross({
    source: { s3: from.s3, key, etag },
    target: { s3: to.s3, key },
    size,
    contentType: move.contentType,
    // It takes the other's place: the same ETag, wherever that can be had.
    plan: planCopy({ size, etag, partSize }, { keepsEtag: true }),
    uploadId: move.uploadId,
    memory,
    partLanes: context.settings.backupPartLanes,
    onUpload: (uploadId) => noteMoveUpload(context, move, uploadId),
    onStep: async ({ bytes, silentMs = 0 }) => {
      moved(bytes);
      hasMoved ||= bytes > 0;
      if (silentMs === 0 && performance.now() - renewedAt < RENEW_EVERY_MS) return;
      renewedAt = performance.now();
      await renewMove(context, move, { silentMs, hasMoved });
    },
  });
  const isPublic = await readIsPublic(context, move.fileId);
  if (isPublic) await open(to.s3, key);
  const { downloadUrlExpiresIn, shareUrlExpiresIn } = context.settings;
  const urlsMs = Math.max(downloadUrlExpiresIn, shareUrlExpiresIn) * 1000;
  const outcome = await handOver(context, move, {
    etag: copyEtag,
    publicUrl: isPublic ? to.publicUrlOf(key) : null,
    keepOldMs: isPublic ? KEEP_PUBLIC_MS : urlsMs + GRACE_MS,
  });
  if (outcome === "no-longer") await dropMove(context, move);
  if (outcome === "not-now")
    await putOffMove(context, move, {
      code: "access_changing",
      message: "Who may read it is being changed.",
      leastWaitMs: SETTLING_WAIT_MS,
    });
  return outcome === "handed-over";
}

/**
 * The old object goes, once nobody has a URL to it; not before the new one was looked at once more, and never one that a row names.
 *
 * @throws {CopyFailure} `checksum_differs` where the new one is not what it was: a person is to look.
 */
export async function clearOld(context: StorageContext, move: ClaimedMove): Promise<void> {
  const { fileId, fromId, toId, key, size } = move;
  const patience = AbortSignal.timeout(ENDING_MS);
  const file = await context.db
    .selectFrom("file_storage")
    .select(["storage_provider_id", sql<boolean>`is_counted_file(status)`.as("is_stored")])
    .where("id", "=", fileId)
    .executeTakeFirst();
  if (file?.is_stored === true) {
    if (file.storage_provider_id !== toId) return await endMove(context, move, "cleared");
    const s3 = await openWithin(patience, context, toId, fileId);
    const head = await onSide("target", () => headObject(s3, key));
    if (head?.size !== size || head.etag !== move.copyEtag)
      throw new CopyFailure(
        "checksum_differs",
        "The file is not at its new place as it was; its old object is kept.",
      );
  }
  const { rows } =
    await sql`SELECT FROM file_storage WHERE storage_provider_id = ${fromId}::uuid AND storage_path = ${key}`.execute(
      context.db,
    );
  if (rows.length === 0) {
    const s3 = await openWithin(patience, context, fromId, fileId);
    await onSide("source", () => deleteObject(s3, key));
    if (move.wasPublic) await sql`SELECT queue_cdn_purge(${fromId}::uuid, ${key})`.execute(context.db);
  }
  await endMove(context, move, "cleared");
}

/**
 * What there is of a copy that nobody wants goes; never one that a row names, nor the last one: a database that was restored may be of
 * before what became of the file since.
 *
 * @throws {CopyFailure} `source_missing` where the file is not where its row says: a person is to look.
 */
export async function dropCopyOf(context: StorageContext, move: ClaimedMove): Promise<void> {
  const { fileId, toId, key, uploadId } = move;
  const patience = AbortSignal.timeout(ENDING_MS);
  const { rows } =
    await sql`SELECT FROM file_storage WHERE storage_provider_id = ${toId}::uuid AND storage_path = ${key}`.execute(
      context.db,
    );
  if (rows.length === 0) {
    const s3 = await openWithin(patience, context, toId, fileId);
    if (uploadId !== null) await onSide("target", () => abortMultipartUpload(s3, { key, uploadId }));
    await requireOriginal(patience, context, move);
    await onSide("target", () => deleteObject(s3, key));
  }
  await endMove(context, move, "dropped");
}

async function requireOriginal(
  patience: AbortSignal,
  context: StorageContext,
  { fileId, key, size }: ClaimedMove,
): Promise<void> {
  const file = await context.db
    .selectFrom("file_storage")
    .select("storage_provider_id as providerId")
    .where("id", "=", fileId)
    .where(sql<boolean>`is_counted_file(status)`)
    .executeTakeFirst();
  if (file === undefined) return;
  const s3 = await openWithin(patience, context, file.providerId, fileId);
  const head = await onSide("source", () => headObject(s3, key));
  if (head?.size !== size)
    throw new CopyFailure(
      "source_missing",
      "The file is not where its row says; what there is of its copy is kept.",
    );
}

async function openWithin(
  patience: AbortSignal,
  { stores }: StorageContext,
  providerId: string,
  fileId: string,
): Promise<S3Connection> {
  const { s3 } = await stores.of(providerId, { fileId });
  patience.throwIfAborted();
  return { ...s3, signal: AbortSignal.any([patience, ...(s3.signal === undefined ? [] : [s3.signal])]) };
}

async function readIsPublic({ db }: StorageContext, fileId: string): Promise<boolean> {
  const row = await db
    .selectFrom("file_storage")
    .select("store_access")
    .where("id", "=", fileId)
    .executeTakeFirst();
  return row?.store_access === "public";
}

/** Before anybody is sent there. @throws {CopyFailure} */
async function open(s3: S3Connection, key: string): Promise<void> {
  const answer = await onSide("target", () => putObjectAcl(s3, { key, acl: "public-read" }));
  if (answer !== "set")
    throw new CopyFailure("target_unavailable", `The new bucket does not let anyone read it (${answer}).`);
}

async function findEtag(s3: S3Connection, { key, size }: ClaimedMove): Promise<string> {
  const head = await onSide("source", () => headObject(s3, key));
  if (head === undefined) throw new CopyFailure("source_missing", "There is no such object to copy.");
  if (head.size !== size)
    throw new CopyFailure("source_changed", "The object has another size than its row.");
  return head.etag;
}
