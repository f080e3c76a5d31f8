import { UploadError } from "@audiotricks/protocol";
import { sql } from "kysely";
import { mapConcurrently } from "./concurrency.ts";
import { finishDeleting } from "./files/delete-file.ts";
import { deleteObject, listObjects } from "./s3/objects.ts";
import type { SweepReport } from "./storage.ts";
import type { StorageContext } from "./storage-context.ts";
import type { Store } from "./stores.ts";
import { abortAtStore } from "./uploads/abort-at-store.ts";
import { completeSession, reconcileSession } from "./uploads/complete-upload.ts";
import { claimForAborting } from "./uploads/lease.ts";
import { findSession, findSessions, type Session } from "./uploads/session.ts";

const TEMPORARY_PREFIX = "temp/uploads/";
/** A delete that its caller is still carrying out is left to them for this long. */
const DELETING_GRACE_MS = 30_000;

/** Brings to an end what crashed, expired or was left behind. Every step is conditional, so any number may run. */
export async function sweep(
  context: StorageContext,
  { signal }: { signal?: AbortSignal } = {},
): Promise<SweepReport> {
  const report: SweepReport = { sessionsAborted: 0, sessionsCompleted: 0, filesDeleted: 0, failures: [] };
  const each = async <Item>(
    items: readonly Item[],
    idOf: (item: Item) => string,
    work: (item: Item) => Promise<void>,
  ) => {
    await mapConcurrently(items, context.settings.storeConcurrency, async (item) => {
      if (signal?.aborted) return;
      try {
        await work(item);
      } catch (error) {
        const { code, message } =
          error instanceof UploadError ? error : { code: "internal", message: String(error) };
        report.failures.push({ id: idOf(item), code, message });
      }
    });
  };

  // Before sessions expire: what a form or a PUT has brought is not thrown away at the last moment.
  for (const store of await storesWithTemporaryObjects(context)) {
    await each(
      [store],
      () => store.s3.bucket,
      () => sweepTemporary(context, store, report, each),
    );
  }
  await sql`SELECT cleanup_expired_files(${context.settings.sweepBatch})`.execute(context.db);
  await each(await findAbandonedCompletions(context), String, async (id) => {
    if (await goOnCompleting(context, id)) report.sessionsCompleted++;
  });
  await each(await findSessionsToAbort(context), String, async (id) => {
    // Not from `completing`: whoever completes at the last moment goes first.
    const lease = await claimForAborting(context, id, ["creating", "active", "aborting"]);
    if (lease !== undefined && (await abortAtStore(context, id, lease))) report.sessionsAborted++;
  });
  await each(
    await claimDeletions(context),
    ({ id }) => id,
    async (file) => {
      await finishDeleting(context, file);
      report.filesDeleted++;
    },
  );
  return report;
}

type Each = <Item>(
  items: readonly Item[],
  idOf: (item: Item) => string,
  work: (item: Item) => Promise<void>,
) => Promise<void>;

/** Completes single PUTs that nobody else will, and removes what ended sessions, or URLs used again, left behind. */
async function sweepTemporary(
  context: StorageContext,
  store: Store,
  report: SweepReport,
  each: Each,
): Promise<void> {
  let marker: string | undefined;
  do {
    const page = await listObjects(store.s3, {
      prefix: TEMPORARY_PREFIX,
      ...(marker === undefined ? {} : { marker }),
    });
    const ids = page.objects.flatMap(({ key }) => sessionIdOf(key) ?? []);
    const sessions = await findSessions(context, ids);
    await each(
      page.objects,
      ({ key }) => key,
      async ({ key }) => {
        const session = sessions.get(sessionIdOf(key) ?? "");
        if (session === undefined) return;
        if (isOver(session)) await deleteObject(store.s3, key);
        else if (session.origin === "s3" && session.state === "active") {
          const { state } = await completeSession(context, session, { request: {}, waitMs: 0 });
          if (state === "completed") report.sessionsCompleted++;
        }
      },
    );
    marker = page.nextMarker;
  } while (marker !== undefined);
}

async function storesWithTemporaryObjects(context: StorageContext): Promise<Store[]> {
  const rows = await context.db
    .selectFrom("multipart_uploads as u")
    .innerJoin("file_storage as f", "f.id", "u.file_storage_id")
    .select("f.storage_provider_id")
    .distinct()
    .where("u.upload_method", "=", "put")
    .where("u.status", "in", ["active", "completing"])
    .execute();
  const primary = await context.stores.findPrimary();
  const ids = new Set(rows.map((row) => row.storage_provider_id));
  if (primary !== undefined) ids.add(primary.providerId);
  return Promise.all([...ids].map((id) => context.stores.of(id)));
}

async function findAbandonedCompletions({ db, clock, settings }: StorageContext): Promise<string[]> {
  const rows = await db
    .selectFrom("multipart_uploads")
    .select("id")
    .where("status", "=", "completing")
    .where("lease_expires_at", "<=", clock.now())
    .orderBy("lease_expires_at")
    .limit(settings.sweepBatch)
    .execute();
  return rows.map(({ id }) => id);
}

/** Where Complete went out, finds out what became of it; where it did not, does what the caller had asked for. */
async function goOnCompleting(context: StorageContext, id: string): Promise<boolean> {
  const session = await findSession(context, id);
  if (session?.state !== "completing") return false;
  const knowsItsParts = session.target.method === "put" || session.origin !== "s3";
  if (session.completeSentAgoMs !== null || !knowsItsParts) await reconcileSession(context, id);
  else await completeSession(context, session, { request: {}, waitMs: 0 });
  return (await findSession(context, id))?.state === "completed";
}

async function findSessionsToAbort({ db, clock, settings }: StorageContext): Promise<string[]> {
  const rows = await db
    .selectFrom("multipart_uploads")
    .select("id")
    .where((eb) => {
      const isFree = eb.or([eb("lease_expires_at", "is", null), eb("lease_expires_at", "<=", clock.now())]);
      return eb.and([
        isFree,
        eb.or([
          eb("status", "=", "aborting"),
          eb.and([eb("status", "in", ["creating", "active"]), eb("expires_at", "<=", clock.now())]),
        ]),
      ]);
    })
    .orderBy("expires_at")
    .limit(settings.sweepBatch)
    .execute();
  return rows.map(({ id }) => id);
}

/** Claims files to delete at the store; touching the row keeps other sweeps away for a while. */
async function claimDeletions({ db, clock, settings }: StorageContext) {
  const rows = await db
    .updateTable("file_storage")
    .set({ updated_at: sql<Date>`now()` })
    .where("id", "in", (eb) =>
      eb
        .selectFrom("file_storage as f")
        .select("f.id")
        .where("f.status", "=", "deleting")
        .where("f.updated_at", "<=", clock.in(-DELETING_GRACE_MS))
        .orderBy("f.updated_at")
        .limit(settings.sweepBatch)
        .forUpdate()
        .skipLocked(),
    )
    .returning(["id", "storage_path", "storage_provider_id", "user_id", "workspace_id"])
    .execute();
  return rows.map((row) => ({
    id: row.id,
    key: row.storage_path,
    providerId: row.storage_provider_id,
    userId: row.user_id,
    workspaceId: row.workspace_id,
  }));
}

function isOver({ state }: Session): boolean {
  return state === "completed" || state === "aborted" || state === "failed";
}

function sessionIdOf(key: string): string | undefined {
  const id = key.slice(TEMPORARY_PREFIX.length);
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) ? id : undefined;
}
