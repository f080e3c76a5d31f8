import { headObject } from "../s3/objects.ts";
import type { StorageContext } from "../storage-context.ts";
import type { ByteBudget } from "./byte-budget.ts";
import type { ClaimedCopy } from "./claim-copy.ts";
import { copyAcross } from "./copy-across.ts";
import { CopyFailure, onSide } from "./copy-failure.ts";
import { planCopy } from "./plan-copy.ts";
import { noteUpload, renewCopy, settleCopy } from "./settle-copy.ts";

/** Seldom enough to cost nothing, and often enough beside the lease. */
const RENEW_EVERY_MS = 30_000;

/**
 * Copies one claimed file to its backup, and says so in its row.
 *
 * @param moved Told of the bytes as they arrive.
 * @throws {CopyFailure} Or `UploadError`, where one of the buckets cannot be opened.
 */
export async function copyFile(
  context: StorageContext,
  copy: ClaimedCopy,
  { memory, moved }: { memory: ByteBudget; moved: (bytes: number) => void },
): Promise<void> {
  const { stores, settings } = context;
  const subject = { fileId: copy.fileId, userId: copy.userId, workspaceId: copy.workspaceId };
  const [from, to] = [await stores.of(copy.providerId, subject), await stores.of(copy.backupId, subject)];
  const { key, size, partSize } = copy;
  let renewedAt = performance.now();
  let hasMoved = false;
  const etag = copy.etag ?? (await findEtag(from.s3, copy));
  const made = await copyAcross({
    source: { s3: from.s3, key, etag },
    target: { s3: to.s3, key },
    size,
    contentType: copy.contentType,
    plan: planCopy({ size, etag, partSize }, { keepsEtag: false }),
    uploadId: copy.uploadId,
    memory,
    partLanes: settings.backupPartLanes,
    onUpload: (uploadId) => noteUpload(context, copy, uploadId),
    onStep: async ({ bytes, silentMs = 0 }) => {
      moved(bytes);
      hasMoved ||= bytes > 0;
      if (silentMs === 0 && performance.now() - renewedAt < RENEW_EVERY_MS) return;
      renewedAt = performance.now();
      await renewCopy(context, copy, { silentMs, hasMoved });
    },
  });
  await settleCopy(context, copy, made);
}

async function findEtag(s3: Parameters<typeof headObject>[0], { key, size }: ClaimedCopy): Promise<string> {
  const head = await onSide("source", () => headObject(s3, key));
  if (head === undefined) throw new CopyFailure("source_missing", "There is no such object to copy.");
  if (head.size !== size)
    throw new CopyFailure("source_changed", "The object has another size than its row.");
  return head.etag;
}
