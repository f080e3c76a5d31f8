import { UploadError } from "@audiotricks/protocol";
import { type Kysely, sql } from "kysely";
import { ACCESS } from "./access/access-table.ts";
import { callerContext } from "./access/caller-context.ts";
import { requireOperator } from "./access/tenant.ts";
import { acknowledgeAlert } from "./alerts/acknowledge-alert.ts";
import { listAlerts } from "./alerts/list-alerts.ts";
import { watchAlerts } from "./alerts/watch-alerts.ts";
import { createAnalytics } from "./analytics/create-analytics.ts";
import { recallFile } from "./archive/recall-file.ts";
import { createAuditLog } from "./audit/audit-log.ts";
import { listAudit } from "./audit/list-audit.ts";
import { createByteBudget } from "./backup/byte-budget.ts";
import { createBackups } from "./backup/create-backups.ts";
import type { Cdn } from "./cdn/cdn.ts";
import { createAwayStores } from "./checks/away-stores.ts";
import { checkFiles } from "./checks/check-files.ts";
import { createClock } from "./clock.ts";
import { forecastCosts } from "./cost/cost-forecast.ts";
import { reportCosts } from "./cost/cost-report.ts";
import { whatIfCold } from "./cost/cost-what-if.ts";
import { measureInvisible } from "./cost/measure-invisible.ts";
import { sampleStorage } from "./cost/sample-storage.ts";
import type { Database } from "./database.ts";
import { nameDatabaseFailures } from "./database-failures.ts";
import { createDatabaseDumps } from "./dumps/database-dumps.ts";
import { cancelExport } from "./exports/cancel-export.ts";
import { createExport } from "./exports/create-export.ts";
import { downloadExport, getExport, listExports } from "./exports/export-record.ts";
import { putFileStream } from "./exports/put-file-stream.ts";
import { runExports } from "./exports/run-exports.ts";
import { createAccessLog } from "./files/access-log.ts";
import { getFile, updateFile } from "./files/change-files.ts";
import { deleteFile } from "./files/delete-file.ts";
import { deriveFile } from "./files/derive-file.ts";
import { downloadFile } from "./files/download-file.ts";
import { keepWaveform } from "./files/keep-waveform.ts";
import { listFiles } from "./files/list-files.ts";
import { matchFiles } from "./files/match-files.ts";
import { readWaveform } from "./files/waveforms.ts";
import { createOperationsLog } from "./operations-log.ts";
import { lookAtBuckets } from "./places/look-at-buckets.ts";
import { moveFiles } from "./places/move-files.ts";
import { isStoodInFor } from "./places/stands-in.ts";
import type { Providers } from "./providers/open-providers.ts";
import { readQuota } from "./quota.ts";
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
import { readStandings } from "./standing.ts";
import type { Caller, Storage } from "./storage.ts";
import type { StorageContext } from "./storage-context.ts";
import { createStores } from "./stores.ts";
import { endExpiryHold } from "./sweep/expiry-hold.ts";
import { previewSweep } from "./sweep/preview-sweep.ts";
import { sweep } from "./sweep/sweep.ts";
import { keepOperations } from "./upkeep/keep-operations.ts";
import { recountUsage } from "./upkeep/recount-usage.ts";
import { cancelUpload } from "./uploads/cancel-upload.ts";
import { changeGroup, dropGroup } from "./uploads/change-group.ts";
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
    awayStores: createAwayStores(),
    scanning: options.scanning,
    onError,
  };

  // Of all files that move at once, however many rounds there are.
  const moving = createByteBudget(settings.backupMemory);
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
      match: (principal, request) => matchFiles(asked(principal), request),
      get: (caller, id) => getFile(asked(caller), id),
      update: (principal, id, change) => updateFile(asked(principal), id, change),
      recall: (principal, id) => recallFile(asked(principal), id),
      delete: (principal, id) => deleteFile(asked(principal), id),
      download: (caller, id, request) => downloadFile(asked(caller), id, request),
      readWaveform: (principal, id) => readWaveform(asked(principal), id),
      keepWaveform: (principal, id, peaks) => keepWaveform(asked(principal), id, peaks),
      changeGroup: (principal, id, request) => changeGroup(asked(principal), id, request),
      dropGroup: (principal, id, workspaceId) => dropGroup(asked(principal), id, workspaceId),
      derive: (service, id, request, deriveOptions) => deriveFile(asked(service), id, request, deriveOptions),
      putStream: (service, file, streamOptions) => putFileStream(asked(service), file, streamOptions),
    },
    shares: {
      create: (principal, fileId, request) => createShare(asked(principal), fileId, request),
      list: (principal, fileId) => listShares(asked(principal), fileId),
      revoke: (principal, fileId, shareId) => revokeShare(asked(principal), fileId, shareId),
      endAll: (principal, fileId) => endShares(asked(principal), fileId),
      open: (token) => openShare(context, token),
    },
    exports: {
      create: (principal, request, createOptions) => createExport(asked(principal), request, createOptions),
      get: (principal, id) => getExport(asked(principal), id),
      list: (principal, query) => listExports(asked(principal), query),
      cancel: (principal, id) => cancelExport(asked(principal), id),
      download: (principal, id) => downloadExport(asked(principal), id),
      run: (runOptions) => runExports(context, runOptions),
    },
    quota: (principal, workspaceId) => readQuota(asked(principal), workspaceId),
    standings: (questions) => readStandings(context, questions),
    usage: async (principal, query) => listUsage(asked(principal), query),
    s3: createS3Compat(context),
    s3Tokens: createS3Tokens(context),
    audit: { ...audit, list: async (principal, query) => listAudit(asked(principal), query) },
    costs: {
      report: async (principal, query) => {
        requireOperator(principal, ACCESS.readCosts);
        return await reportCosts(context, query);
      },
      forecast: async (principal) => {
        requireOperator(principal, ACCESS.forecastCosts);
        return await forecastCosts(context);
      },
      whatIf: async (principal, rule) => {
        requireOperator(principal, ACCESS.whatIfCosts);
        return await whatIfCold(context, rule);
      },
    },
    analytics: createAnalytics(context),
    alerts: {
      list: async (principal, query) => {
        requireOperator(principal, ACCESS.listAlerts);
        return await listAlerts(db, query);
      },
      acknowledge: async (principal, alertId) => {
        requireOperator(principal, ACCESS.acknowledgeAlert);
        return await acknowledgeAlert(db, alertId, principal.userId);
      },
    },
    rates: createRateLimiter(db),
    checkFiles: (checkOptions) => checkFiles(context, checkOptions),
    sweep: (sweepOptions) => sweep(context, sweepOptions),
    upkeep: {
      previewSweep: (previewOptions) => previewSweep(context, previewOptions),
      recountUsage: (recountOptions) => recountUsage(context, recountOptions),
      sampleStorage: (sampleOptions) => sampleStorage(context, sampleOptions),
      measureInvisible: (measureOptions) => measureInvisible(context, measureOptions),
      watchAlerts: (watchOptions) => watchAlerts(context, watchOptions),
      keepOperations: () => keepOperations(context),
      reconcile: (reconcileOptions) => reconcile(context, reconcileOptions),
      endExpiryHold: (holdId) => endExpiryHold(db, holdId),
      deleteUnknownObject: (listed) => deleteUnknownObject(context, listed),
    },
    backups: createBackups(context),
    lookAtBuckets: () => lookAtBuckets(context),
    moveFiles: ({ signal = new AbortController().signal } = {}) =>
      moveFiles(context, moving, { signal, untilMs: performance.now() + settings.backupMs }),
    dumps: createDatabaseDumps(context),
    checkReady: async () => {
      await sql`SELECT 1`.execute(db);
      const store = await context.stores.findPrimary();
      if (store === undefined) throw new UploadError("no_provider", "No storage is set up.");
      // Where another bucket takes its uploads meanwhile, whoever comes is served.
      await headBucket(store.s3).catch(async (error: unknown) => {
        if (!(await isStoodInFor(db))) throw error;
      });
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
