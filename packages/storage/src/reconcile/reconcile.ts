import { UploadError } from "@audiotricks/protocol";
import { MINIMUM_OBJECT_SIZE } from "../cost/find-minimums.ts";
import { isOurKey } from "../object-key.ts";
import { findMovingUploads } from "../places/moving-uploads.ts";
import { listUploads } from "../s3/multipart.ts";
import { listObjects } from "../s3/objects.ts";
import type { StorageContext } from "../storage-context.ts";
import type { Store } from "../stores.ts";
import { findExpiryHold, watchExpiry } from "../sweep/expiry-hold.ts";
import { findSessionsByKey } from "../uploads/session.ts";
import type { Finding, FoundObject, ReconcileReport } from "./finding.ts";
import { keepFindings } from "./keep-findings.ts";
import { closeProgress, openProgress, saveProgress } from "./progress.ts";
import { reconcilePage } from "./reconcile-page.ts";
import { tellCounters } from "./tell-counters.ts";

export interface ReconcileOptions {
  /** Awaited, one finding after the other; the memory taken does not grow with their number. */
  onFinding?: (finding: Finding) => void | Promise<void>;
  /** How far it is in this bucket, after each thousand objects or so. */
  onPage?: (soFar: { providerId: string; objects: number; rows: number }) => void;
  /** Goes on where one that was killed or aborted had got to; without it, from the first key. */
  resumes?: boolean;
  signal?: AbortSignal;
}

/**
 * Walks every bucket beside its rows, key by key, and tells where they disagree; and counters that were not what their rows
 * say, which it counts anew. Deletes only objects whose row had come
 * to its end; everything else is a person's to decide.
 */
export async function reconcile(
  context: StorageContext,
  options: ReconcileOptions = {},
): Promise<ReconcileReport> {
  const report: ReconcileReport = { providers: 0, objects: 0, rows: 0, findings: {} };
  await tellCounters(
    context.db,
    async (finding) => {
      await options.onFinding?.(finding);
      report.findings.counter_differs = (report.findings.counter_differs ?? 0) + 1;
    },
    options.signal,
  );
  // After a restore this may come before the first sweep.
  await watchExpiry(context.db);
  const hold = await findExpiryHold(context);
  if (hold !== undefined) {
    await options.onFinding?.({ kind: "expiry_held", ...hold });
    report.findings.expiry_held = 1;
  }
  for (const id of await findBuckets(context)) {
    if (options.signal?.aborted) break;
    try {
      const counts = await reconcileProvider(context, id, options);
      report.providers++;
      report.objects += counts.objects;
      report.rows += counts.rows;
      for (const kind of Object.keys(counts.findings) as Finding["kind"][]) {
        report.findings[kind] = (report.findings[kind] ?? 0) + (counts.findings[kind] ?? 0);
      }
    } catch (error) {
      // One bucket out of reach does not hide what is wrong in the others.
      if (!(error instanceof UploadError)) throw error;
      const { code, message } = error;
      await options.onFinding?.({ kind: "provider_failed", providerId: id, code, message });
      report.findings.provider_failed = (report.findings.provider_failed ?? 0) + 1;
    }
  }
  return report;
}

/** Those in use, and those that files are in: they stay readable when no upload goes there any more. */
async function findBuckets({ db }: StorageContext): Promise<string[]> {
  const rows = await db
    .selectFrom("storage_providers as p")
    .select("p.id")
    .where("p.purpose", "in", ["files", "cold"])
    .where((eb) =>
      eb.or([
        eb("p.is_active", "=", true),
        eb.exists(
          eb.selectFrom("file_storage as f").select("f.id").whereRef("f.storage_provider_id", "=", "p.id"),
        ),
      ]),
    )
    .orderBy("p.id")
    .execute();
  return rows.map(({ id }) => id);
}

async function reconcileProvider(
  context: StorageContext,
  providerId: string,
  { onFinding, onPage, resumes = false, signal }: ReconcileOptions,
): Promise<Omit<ReconcileReport, "providers">> {
  const { db } = context;
  const store = await context.stores.forSweep(signal).of(providerId);
  const progress = await openProgress(db, providerId, { resumes });
  const { counts, orphans } = progress;
  const tell = async (findings: readonly Finding[]): Promise<void> => {
    await keepFindings(db, findings);
    for (const finding of findings) {
      counts.findings[finding.kind] = (counts.findings[finding.kind] ?? 0) + 1;
      if (isOrphan(finding)) {
        orphans.bytes += finding.object.size;
        orphans.billedBytes += Math.max(finding.object.size, MINIMUM_OBJECT_SIZE);
        orphans.objects += 1;
      }
      await onFinding?.(finding);
    }
  };
  for (let marker: string | undefined = progress.afterKey; marker !== undefined; ) {
    if (signal?.aborted) return counts;
    const after: string = marker;
    const page = await listObjects(store.s3, { prefix: "", ...(after === "" ? {} : { marker: after }) });
    const range = { objects: page.objects, after, upTo: page.nextMarker };
    counts.rows += await reconcilePage(context, { providerId, s3: store.s3 }, range, tell);
    counts.objects += page.objects.length;
    onPage?.({ providerId, objects: counts.objects, rows: counts.rows });
    marker = page.nextMarker;
    if (marker !== undefined) {
      progress.afterKey = marker;
      await saveProgress(db, providerId, progress);
    }
  }
  await reconcileUploads(context, store, providerId, tell);
  await closeProgress(db, providerId, progress);
  return counts;
}

/** No file is made of it, and it is paid for all the same. */
function isOrphan(finding: Finding): finding is Extract<Finding, { object: FoundObject; kind: OrphanKind }> {
  return (ORPHANS as readonly string[]).includes(finding.kind);
}
const ORPHANS = ["unknown_object", "unknown_temporary", "foreign_object"] as const;
type OrphanKind = (typeof ORPHANS)[number];

/** Those whose session is over are the sweep's, and those of moves their moves'. */
async function reconcileUploads(
  context: StorageContext,
  store: Store,
  providerId: string,
  tell: (findings: readonly Finding[]) => Promise<void>,
): Promise<void> {
  for await (const page of listUploads(store.s3, "")) {
    const ours = page.filter(({ key }) => isOurKey(key)).map(({ key }) => key);
    const sessions = await findSessionsByKey(context, providerId, ours);
    const moving = await findMovingUploads(context, providerId, page);
    const ownerless = page.filter(({ key, uploadId }) => !sessions.has(key) && !moving.has(uploadId));
    await tell(
      ownerless.map(({ key, initiatedAt }) => {
        const kind = isOurKey(key) ? "unknown_upload" : "foreign_upload";
        return { kind, providerId, key, initiatedAt };
      }),
    );
  }
}
