import { mapConcurrently } from "../concurrency.ts";
import { findVersioning } from "../s3/bucket-versioning.ts";
import { listParts, listUploadsPage } from "../s3/multipart.ts";
import { listOldVersions } from "../s3/object-versions.ts";
import type { StorageContext } from "../storage-context.ts";
import type { Store } from "../stores.ts";
import { describeSweepFailure } from "../sweep/sweep-failure.ts";
import { findMinimums } from "./find-minimums.ts";
import { closePass, type InvisibleKind, openPass, type Place, savePass } from "./invisible-progress.ts";

/** Of one bucket, what one look found; or why there was none, by its provider's id. */
export interface InvisibleReport {
  measured: { providerId: string; kind: InvisibleKind; bytes: number; objects: number }[];
  failures: { id: string; code: string; message: string }[];
}

/**
 * Looks through every bucket for what is paid for and is no file: parts of uploads that are not complete, and versions that were replaced or
 * deleted. Goes on where one that was killed had got to; its calls come after those that users wait for.
 */
export async function measureInvisible(
  context: StorageContext,
  { signal }: { signal?: AbortSignal } = {},
): Promise<InvisibleReport> {
  const report: InvisibleReport = { measured: [], failures: [] };
  const stores = context.stores.forSweep(signal);
  for (const { id, size } of await findMinimums(context)) {
    try {
      const store = await stores.of(id);
      const kinds: InvisibleKind[] = ["incomplete_parts"];
      // A bucket that never kept any has none.
      if ((await findVersioning(store.s3)) !== "never") kinds.push("old_versions");
      for (const kind of kinds) {
        const found = await lookThrough(context, { providerId: id, kind, minimum: size }, store, signal);
        if (found !== undefined) report.measured.push({ providerId: id, kind, ...found });
      }
    } catch (error) {
      if (signal?.aborted) throw error;
      const { code, message } = describeSweepFailure(error);
      report.failures.push({ id, code, message });
    }
  }
  return report;
}

/** @returns `undefined` where the store does not say, or it was cut off. */
async function lookThrough(
  context: StorageContext,
  { providerId, kind, minimum }: { providerId: string; kind: InvisibleKind; minimum: number },
  store: Store,
  signal: AbortSignal | undefined,
): Promise<{ bytes: number; objects: number } | undefined> {
  const { db } = context;
  const pass = await openPass(db, providerId, kind);
  while (signal?.aborted !== true) {
    const page = await LOOKS[kind](context, store, pass.after);
    if (page === undefined) return undefined;
    pass.bytes += page.sizes.reduce((sum, size) => sum + size, 0);
    pass.billedBytes += page.sizes.reduce((sum, size) => sum + Math.max(size, minimum), 0);
    pass.objects += page.sizes.length;
    if (page.next === undefined) {
      await closePass(db, providerId, kind, pass);
      return { bytes: pass.bytes, objects: pass.objects };
    }
    pass.after = page.next;
    await savePass(db, providerId, kind, pass);
  }
  return undefined;
}

type Look = (
  context: StorageContext,
  store: Store,
  after: Place,
) => Promise<{ sizes: number[]; next: Place | undefined } | undefined>;

const LOOKS: Record<InvisibleKind, Look> = {
  incomplete_parts: async ({ settings }, { s3 }, { key, id }) => {
    const { uploads, next } = await listUploadsPage(s3, "", { key, uploadId: id });
    const parts = await mapConcurrently(uploads, settings.sweepConcurrency, (upload) =>
      listParts(s3, upload),
    );
    return {
      // One that is gone by now has none.
      sizes: parts.flatMap((some) => (some ?? []).map(({ size }) => size)),
      next: next && { key: next.key, id: next.uploadId },
    };
  },
  old_versions: (_context, { s3 }, after) => listOldVersions(s3, after),
};
