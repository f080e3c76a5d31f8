import { UploadError } from "@audiotricks/protocol";
import { type Kysely, sql } from "kysely";
import { callerContext } from "./access/caller-context.ts";
import { createAuditLog } from "./audit/audit-log.ts";
import { listAudit } from "./audit/list-audit.ts";
import type { Cdn } from "./cdn/cdn.ts";
import { checkFiles } from "./checks/check-files.ts";
import { createClock } from "./clock.ts";
import type { Database } from "./database.ts";
import { nameDatabaseFailures } from "./database-failures.ts";
import { createAccessLog } from "./files/access-log.ts";
import { getFile, updateFile } from "./files/change-files.ts";
import { deleteFile } from "./files/delete-file.ts";
import { deriveFile } from "./files/derive-file.ts";
import { downloadFile } from "./files/download-file.ts";
import { listFiles } from "./files/list-files.ts";
import { createOperationsLog } from "./operations-log.ts";
import type { Providers } from "./providers/open-providers.ts";
import { readQuota, readQuotas } from "./quota.ts";
import { createRateLimiter } from "./rate-limiter.ts";
import { readConfig } from "./read-config.ts";
import { deleteUnknownObject } from "./reconcile/delete-unknown.ts";
import { reconcile } from "./reconcile/reconcile.ts";
import { type Budgets, createBudgets } from "./s3/create-budgets.ts";
import { headBucket } from "./s3/objects.ts";
import type { RequestHandler } from "./s3/s3-connection.ts";
import { createS3Compat } from "./s3-compat/create-s3-compat.ts";
import { createS3Tokens } from "./s3-tokens.ts";
import type { Scanning } from "./scan/scanner.ts";
import { DEFAULT_SETTINGS, type StorageSettings } from "./settings.ts";
import { createShare, endShares, listShares, revokeShare } from "./shares/manage-shares.ts";
import { openShare } from "./shares/open-share.ts";
import { createShareLog } from "./shares/share-log.ts";
import { createSoundInspector } from "./sound/sound-inspector.ts";
import type { Caller, Storage } from "./storage.ts";
import type { StorageContext } from "./storage-context.ts";
import { createStores } from "./stores.ts";
import { endExpiryHold } from "./sweep/expiry-hold.ts";
import { previewSweep } from "./sweep/preview-sweep.ts";
import { sweep } from "./sweep/sweep.ts";
import { keepOperations } from "./upkeep/keep-operations.ts";
import { recountUsage } from "./upkeep/recount-usage.ts";
import { cancelUpload } from "./uploads/cancel-upload.ts";
import { completeUpload } from "./uploads/complete-upload.ts";
import { completeUploads } from "./uploads/complete-uploads.ts";
import { createUploads } from "./uploads/create-uploads.ts";
import { getUpload } from "./uploads/get-upload.ts";
import { createHeldLeases } from "./uploads/held-leases.ts";
import { listOpenSessions, toUploadSession } from "./uploads/session.ts";
import { signParts } from "./uploads/sign-parts.ts";
import { listUsage } from "./usage/list-usage.ts";

export interface StorageOptions {
  /** Migrated, and the host's to close. `bigint` may come as number or text. */
  db: Kysely<Database>;
  /** From `openProviders`. */
  providers: Providers;
  settings?: Partial<StorageSettings>;
  /** Shared by all that one process asks of its buckets; by default its own, from the settings. */
  budgets?: Budgets;
  /** Purges the copies of files that are public no more; without it none is asked. */
  cdn?: Cdn | undefined;
  /** Who scans the files that are stored; without it none is. `setScanPolicy` says whether they wait for it. */
  scanning?: Scanning | undefined;
  /** For tests: the time that leases and expiries are decided by. By default the database's. */
  now?: () => Date;
  /** For tests: what carries requests to the buckets, as the SDK's clients take it. By default HTTP. */
  requestHandler?: RequestHandler;
  /** Told of failures that no caller waits for; without it they are silent. Nothing in them is secret. */
  onError?: (error: unknown) => void;
}

/** Wires the rules to one database and its buckets. */
export function createStorage(options: StorageOptions): Storage {
  const { db, providers, onError = () => undefined } = options;
  const log = createOperationsLog(db, onError);
  const settings = { ...DEFAULT_SETTINGS, ...options.settings };
  const clock = createClock(options.now);
  const accesses = createAccessLog({ db, clock }, onError);
  const shareUses = createShareLog({ db, clock }, onError);
  const context: StorageContext = {
    db,
    stores: createStores(providers, log.record, {
      budgetOf: options.budgets ?? createBudgets(settings),
      requestHandler: options.requestHandler,
    }),
    clock,
    settings,
    log,
    accesses,
    shareUses,
    cdn: options.cdn,
    leases: createHeldLeases({ db, clock }),
    inspector: createSoundInspector(),
    scanning: options.scanning,
    onError,
  };

  const audit = createAuditLog(db, onError);
  const asked = <Asking extends Caller>(caller: Asking) => callerContext(context, caller);

  return nameDatabaseFailures<Storage>({
    config: () => readConfig(context),
    uploads: {
      create: (principal, files, createOptions) => createUploads(asked(principal), files, createOptions),
      listOpen: async (principal) =>
        (await listOpenSessions(asked(principal))).map((session) => toUploadSession(session, [])),
      get: (caller, id) => getUpload(asked(caller), id),
      signParts: (caller, id, request) => signParts(asked(caller), id, request),
      complete: (caller, id, request) => completeUpload(asked(caller), id, request),
      completeMany: (principal, uploads) => completeUploads(asked(principal), uploads),
      cancel: (caller, id) => cancelUpload(asked(caller), id),
    },
    files: {
      list: (principal, query) => listFiles(asked(principal), query),
      get: (caller, id) => getFile(asked(caller), id),
      update: (principal, id, change) => updateFile(asked(principal), id, change),
      delete: (principal, id) => deleteFile(asked(principal), id),
      download: (caller, id, request) => downloadFile(asked(caller), id, request),
      derive: (service, id, request, deriveOptions) => deriveFile(asked(service), id, request, deriveOptions),
    },
    shares: {
      create: (principal, fileId, request) => createShare(asked(principal), fileId, request),
      list: (principal, fileId) => listShares(asked(principal), fileId),
      revoke: (principal, fileId, shareId) => revokeShare(asked(principal), fileId, shareId),
      endAll: (principal, fileId) => endShares(asked(principal), fileId),
      open: (token) => openShare(context, token),
    },
    quota: (principal, workspaceId) => readQuota(asked(principal), workspaceId),
    quotas: (questions) => readQuotas(context, questions),
    usage: async (principal, query) => listUsage(asked(principal), query),
    s3: createS3Compat(context),
    s3Tokens: createS3Tokens(context),
    audit: { ...audit, list: async (principal, query) => listAudit(asked(principal), query) },
    rates: createRateLimiter(db),
    checkFiles: (checkOptions) => checkFiles(context, checkOptions),
    sweep: (sweepOptions) => sweep(context, sweepOptions),
    upkeep: {
      previewSweep: (previewOptions) => previewSweep(context, previewOptions),
      recountUsage: (recountOptions) => recountUsage(context, recountOptions),
      keepOperations: () => keepOperations(context),
      reconcile: (reconcileOptions) => reconcile(context, reconcileOptions),
      endExpiryHold: (holdId) => endExpiryHold(db, holdId),
      deleteUnknownObject: (listed) => deleteUnknownObject(context, listed),
    },
    checkReady: async () => {
      await sql`SELECT 1`.execute(db);
      const store = await context.stores.findPrimary();
      if (store === undefined) throw new UploadError("no_provider", "No storage is set up.");
      await headBucket(store.s3);
    },
    close: async () => {
      context.inspector.close();
      // Each even if another fails.
      const ends = await Promise.allSettled([
        context.leases.releaseAll(),
        log.close(),
        accesses.flush(),
        shareUses.flush(),
        audit.flush(),
      ]);
      context.stores.close();
      const failures = ends.flatMap((end) => (end.status === "rejected" ? [end.reason as unknown] : []));
      if (failures.length > 0) throw new AggregateError(failures, "not all could be written down");
    },
  });
}
