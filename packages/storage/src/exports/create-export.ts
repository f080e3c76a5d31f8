import { createHash } from "node:crypto";
import { UploadError } from "@audiotricks/protocol";
import type { CreateExportRequest, ExportRecord } from "@audiotricks/protocol/messages";
import { sql, type Transaction } from "kysely";
import type { CallerContext } from "../access/caller-context.ts";
import { beginAgain } from "../begin-again.ts";
import type { Database } from "../database.ts";
import { isStorableText } from "../storable-text.ts";
import type { Principal } from "../storage.ts";
import { type ReservedRow, toReserved } from "../uploads/reserve.ts";
import { getExport } from "./export-record.ts";
import { findExported } from "./find-exported.ts";
import { type PlannedEntry, planEntries, sizeOfArchive } from "./plan-export.ts";
import { describeUser } from "./user-data.ts";

type Context = CallerContext<Principal>;

/** Rows first: the plan, the room for the archive and its upload are there or are not, all at once. */
export async function createExport(
  context: Context,
  request: CreateExportRequest,
  { idempotencyKey }: { idempotencyKey?: string } = {},
): Promise<ExportRecord> {
  if (request.name !== undefined && !isStorableText(request.name))
    throw new UploadError("invalid_request", "The name must be whole Unicode text.");
  const requestHash = createHash("sha256").update(JSON.stringify(request)).digest("hex");
  const earlier = await findEarlier(context, { idempotencyKey, requestHash });
  if (earlier !== undefined) return getExport(context, earlier);
  const plan = await planExport(context, request);
  try {
    const exportId = await beginAgain(() =>
      context.work.db
        .transaction()
        .execute((trx) => write(trx, context, { request, requestHash, idempotencyKey, ...plan })),
    );
    return await getExport(context, exportId);
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    // Another was first: with the same key, or with everything of this user's.
    const first = await findEarlier(context, { idempotencyKey, requestHash });
    if (first === undefined) throw tooManyExports();
    return getExport(context, first);
  }
}

async function planExport(context: Context, request: CreateExportRequest) {
  const at = new Date();
  const files = await findExported(context, request);
  const entries =
    request.kind === "user-data"
      ? planEntries(files, { folder: "files/", documents: await describeUser(context, files, at), at })
      : planEntries(files, { at });
  const { size, most } = sizeOfArchive(entries, at);
  const { exportMaxBytes } = context.settings;
  if (most > exportMaxBytes) {
    throw new UploadError(
      "invalid_request",
      `One archive has at most ${exportMaxBytes} bytes. Make several.`,
      {
        details: { size, maxSize: exportMaxBytes },
      },
    );
  }
  return { entries, at, size, most };
}

interface Planned extends Awaited<ReturnType<typeof planExport>> {
  request: CreateExportRequest;
  requestHash: string;
  idempotencyKey: string | undefined;
}

async function write(
  trx: Transaction<Database>,
  { caller, settings, clock }: Context,
  planned: Planned,
): Promise<string> {
  const { request, requestHash, idempotencyKey, entries, at, size, most } = planned;
  const kind = request.kind === "user-data" ? "user-data" : "files";
  const name =
    request.name ?? `${kind === "files" ? "export" : "my-data"}-${at.toISOString().slice(0, 10)}.zip`;
  const { rows } = await sql<ReservedRow & { file_id: string }>`
    SELECT outcome, session_id, file_id, details
    FROM reserve_archive(${caller.userId}, ${kind}, ${name}, ${most}, ${settings.sessionExpiresIn},
      ${clock.in((settings.sessionExpiresIn + request.expiresIn) * 1000)})`.execute(trx);
  const [row] = rows;
  if (row === undefined) throw new Error("reserve_archive gave no answer");
  const reserved = toReserved(
    row.outcome === "unknown_user"
      ? { ...row, outcome: "forbidden", details: { reason: "unknown_user" } }
      : row,
  );
  if (reserved.outcome === "refused") throw reserved.error;
  const open = await trx
    .selectFrom("storage_exports")
    .select(({ fn }) => fn.countAll().as("count"))
    .where("user_id", "=", caller.userId)
    .where("status", "in", ["queued", "running"])
    .executeTakeFirstOrThrow();
  if (Number(open.count) >= settings.exportsAtOnce) throw tooManyExports();
  const { id } = await trx
    .insertInto("storage_exports")
    .values({
      kind,
      user_id: caller.userId,
      file_storage_id: row.file_id,
      session_id: reserved.sessionId,
      idempotency_key: idempotencyKey ?? null,
      request_hash: requestHash,
      expires_in: request.expiresIn,
      total_files: entries.filter(({ source }) => "fileId" in source).length,
      missing_files: entries.filter(({ isMissing }) => isMissing).length,
      total_bytes: size,
      created_at: at,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  await writeEntries(trx, id, entries);
  return id;
}

/** Bounded statements: a plan may have ten thousand. */
const ENTRIES_AT_ONCE = 1_000;

async function writeEntries(
  trx: Transaction<Database>,
  exportId: string,
  entries: readonly PlannedEntry[],
): Promise<void> {
  for (let from = 0; from < entries.length; from += ENTRIES_AT_ONCE) {
    const rows = entries.slice(from, from + ENTRIES_AT_ONCE).map(({ source, ...entry }, index) => ({
      ordinal: from + index,
      name: entry.name,
      size: entry.size,
      modified_at: entry.modifiedAt,
      is_missing: entry.isMissing,
      ...("content" in source
        ? { content: source.content.toString("base64") }
        : { file_id: source.fileId, provider_id: source.providerId, path: source.key, etag: source.etag }),
    }));
    await sql`
      INSERT INTO export_entries (export_id, ordinal, name, size, modified_at, is_missing, file_storage_id, storage_provider_id,
        storage_path, etag, content)
      SELECT ${exportId}, e.ordinal, e.name, e.size, e.modified_at, e.is_missing, e.file_id, e.provider_id, e.path, e.etag,
        decode(e.content, 'base64')
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS e (ordinal integer, name text, size bigint, modified_at timestamptz,
        is_missing boolean, file_id uuid, provider_id uuid, path text, etag text, content text)`.execute(trx);
  }
}

async function findEarlier(
  { caller, work }: Context,
  { idempotencyKey, requestHash }: { idempotencyKey: string | undefined; requestHash: string },
): Promise<string | undefined> {
  if (idempotencyKey === undefined) return undefined;
  const row = await work.db
    .selectFrom("storage_exports")
    .select(["id", "request_hash"])
    .where("user_id", "=", caller.userId)
    .where("idempotency_key", "=", idempotencyKey)
    .executeTakeFirst();
  if (row !== undefined && row.request_hash !== requestHash)
    throw new UploadError("idempotency_conflict", "This Idempotency-Key was used for another request.");
  return row?.id;
}

function isDuplicate(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "23505";
}

function tooManyExports(): UploadError {
  return new UploadError("too_many_sessions", "Other exports are under way. Wait for them, or cancel some.");
}
