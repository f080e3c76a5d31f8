import { type Selectable, sql } from "kysely";
import type { ExportEntries } from "../database-schema.ts";
import type { StorageContext } from "../storage-context.ts";
import type { KnownEntry } from "./archive-bytes.ts";
import { type ExportLease, ExportLost } from "./export-lease.ts";
import { type Document, missingDocument } from "./plan-export.ts";

/** An entry that is in the archive; where its bytes come from. */
export type PresentEntry = KnownEntry & {
  ordinal: number | null;
  fileId: string | null;
  source: { providerId: string; key: string; etag: string | null } | { content: Uint8Array };
};

/**
 * What is in the archive by now, in order: all of the plan but what is missing, and at its end a word about that. Files may have gone to
 * another bucket since it was planned.
 */
export async function readEntries(
  { db }: StorageContext,
  { exportId, row }: ExportLease,
): Promise<PresentEntry[]> {
  const rows = await db
    .selectFrom("export_entries as n")
    .leftJoin("file_storage as f", "f.id", "n.file_storage_id")
    .selectAll("n")
    .select((eb) => [
      eb.fn.coalesce("f.storage_provider_id", "n.storage_provider_id").as("storage_provider_id"),
      eb.fn.coalesce("f.storage_path", "n.storage_path").as("storage_path"),
      eb.fn.coalesce("f.etag", "n.etag").as("etag"),
    ])
    .where("n.export_id", "=", exportId)
    .orderBy("n.ordinal")
    .execute();
  const missing = missingDocument(rows.map(({ name, is_missing: isMissing }) => ({ name, isMissing })));
  const present = rows.filter(({ is_missing }) => !is_missing).map(toPresent);
  return missing === undefined ? present : [...present, toLast(missing, row.created_at)];
}

function toPresent(row: Selectable<ExportEntries>): PresentEntry {
  const { content, storage_provider_id: providerId, storage_path: key, etag } = row;
  if (content === null && (providerId === null || key === null)) throw new Error("an entry without bytes");
  return {
    ordinal: row.ordinal,
    fileId: row.file_storage_id,
    name: row.name,
    size: Number(row.size),
    modifiedAt: row.modified_at,
    crc32: row.crc32 === null ? null : Number(row.crc32),
    source: content === null ? { providerId: providerId ?? "", key: key ?? "", etag } : { content },
  };
}

function toLast({ name, content }: Document, modifiedAt: Date): PresentEntry {
  return {
    ordinal: null,
    fileId: null,
    name,
    size: content.length,
    modifiedAt,
    crc32: null,
    source: { content },
  };
}

/** A part that was sent, and what to go on with behind it. */
export interface SentPart {
  partNumber: number;
  size: number;
  etag: string;
  crc32: number;
}

export async function readSentParts({ db }: StorageContext, { exportId }: ExportLease): Promise<SentPart[]> {
  const rows = await db
    .selectFrom("export_parts")
    .select(["part_number", "size", "etag", "crc32"])
    .where("export_id", "=", exportId)
    .orderBy("part_number")
    .execute();
  return rows.map((row) => ({
    partNumber: row.part_number,
    size: Number(row.size),
    etag: row.etag,
    crc32: Number(row.crc32),
  }));
}

/** Written down when the store has the part. @throws {ExportLost} */
export async function recordSentPart(
  { db }: StorageContext,
  lease: ExportLease,
  part: Omit<SentPart, "crc32">,
  mark: { crc32: number; finished: readonly { entry: PresentEntry; crc32: number }[] },
): Promise<void> {
  const planned = mark.finished.flatMap(({ entry: { ordinal }, crc32 }) =>
    ordinal === null ? [] : [{ ordinal, crc32 }],
  );
  const files = mark.finished.filter(({ entry }) => entry.fileId !== null).length;
  const { rows } = await sql<{ id: string }>`
    WITH held AS (
      UPDATE storage_exports SET done_bytes = done_bytes + ${part.size}, done_files = done_files + ${files}, attempts = 0
      WHERE id = ${lease.exportId}::uuid AND lease_token = ${lease.token}::uuid AND status = 'running'
      RETURNING id
    ), sent AS (
      INSERT INTO export_parts AS p (export_id, part_number, size, etag, crc32)
      SELECT held.id, ${part.partNumber}, ${part.size}, ${part.etag}, ${mark.crc32} FROM held
      ON CONFLICT (export_id, part_number) DO UPDATE SET size = excluded.size, etag = excluded.etag, crc32 = excluded.crc32
    ), finished AS (
      UPDATE export_entries e SET crc32 = f.crc32
      FROM held, jsonb_to_recordset(${JSON.stringify(planned)}::jsonb) AS f (ordinal integer, crc32 bigint)
      WHERE e.export_id = held.id AND e.ordinal = f.ordinal
    )
    SELECT id FROM held`.execute(db);
  if (rows.length === 0) throw new ExportLost();
}

/**
 * Leaves entries out from now on, and forgets the parts from `fromPart` on, which have bytes of them or lie behind.
 *
 * @throws {ExportLost}
 */
export async function leaveOut(
  { db }: StorageContext,
  lease: ExportLease,
  { ordinals, fromPart }: { ordinals: readonly number[]; fromPart: number },
): Promise<void> {
  const { rows } = await sql<{ id: string }>`
    WITH held AS (
      UPDATE storage_exports SET missing_files = missing_files + ${ordinals.length}
      WHERE id = ${lease.exportId}::uuid AND lease_token = ${lease.token}::uuid AND status = 'running'
      RETURNING id
    ), gone AS (
      UPDATE export_entries e SET is_missing = true, crc32 = NULL FROM held
      WHERE e.export_id = held.id AND e.ordinal = ANY (${ordinals}::integer[]) AND NOT e.is_missing
    ), forgotten AS (
      DELETE FROM export_parts p USING held WHERE p.export_id = held.id AND p.part_number >= ${fromPart}
    )
    SELECT id FROM held`.execute(db);
  if (rows.length === 0) throw new ExportLost();
}

/** What the store has of it, counted anew by whoever begins or goes on. @throws {ExportLost} */
export async function recordBeginning(
  { db }: StorageContext,
  lease: ExportLease,
  done: { files: number; bytes: number; size: number; afterPart: number },
): Promise<void> {
  const { rows } = await sql<{ id: string }>`
    WITH held AS (
      UPDATE storage_exports SET done_files = ${done.files}, done_bytes = ${done.bytes}, total_bytes = ${done.size}
      WHERE id = ${lease.exportId}::uuid AND lease_token = ${lease.token}::uuid AND status = 'running'
      RETURNING id
    ), forgotten AS (
      DELETE FROM export_parts p USING held WHERE p.export_id = held.id AND p.part_number > ${done.afterPart}
    )
    SELECT id FROM held`.execute(db);
  if (rows.length === 0) throw new ExportLost();
}
