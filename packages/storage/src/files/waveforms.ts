import type { Kysely } from "kysely";
import { ACCESS } from "../access/access-table.ts";
import type { CallerContext } from "../access/caller-context.ts";
import type { Database } from "../database.ts";
import { readRange } from "../s3/objects.ts";
import type { KeptWaveform, Principal } from "../storage.ts";
import { requireReadable } from "./access-rules.ts";
import { fileNotFound } from "./file-record.ts";
import { STORED_STATES } from "./stored-states.ts";

/** Those of these files whose waveforms are kept. */
export async function findDrawn(db: Kysely<Database>, fileIds: readonly string[]): Promise<Set<string>> {
  if (fileIds.length === 0) return new Set();
  const rows = await db
    .selectFrom("file_storage as w")
    .select("w.derived_from")
    .where("w.derived_from", "in", fileIds)
    .where("w.content_type", "=", "waveform")
    .where("w.status", "in", STORED_STATES)
    .execute();
  return new Set(rows.flatMap(({ derived_from: file }) => (file === null ? [] : [file])));
}

/**
 * The peaks kept beside a file, for whoever may read the file.
 *
 * @throws {UploadError} `file_not_found` also where there are none; `file_not_ready` for a file whose bytes are held back.
 */
export async function readWaveform(
  { tenant, work }: CallerContext<Principal>,
  fileId: string,
): Promise<KeptWaveform> {
  const row = await tenant
    .files(ACCESS.readWaveform)
    .innerJoin("file_storage as w", "w.derived_from", "f.id")
    .select([
      "f.status",
      "f.scan_state",
      "w.id",
      "w.storage_path",
      "w.file_size",
      "w.storage_provider_id",
      "w.checksum_md5",
    ])
    .where("f.id", "=", fileId)
    .where("f.status", "in", STORED_STATES)
    .where("w.content_type", "=", "waveform")
    .where("w.status", "in", STORED_STATES)
    .executeTakeFirst();
  if (row === undefined) throw fileNotFound();
  requireReadable({ state: row.status, scan: row.scan_state });
  const { s3 } = await work.stores.of(row.storage_provider_id, { fileId: row.id });
  const bytes = await readRange(s3, { key: row.storage_path, offset: 0, length: Number(row.file_size) });
  // Deleted meanwhile.
  if (bytes === undefined) throw fileNotFound();
  return { bytes, etag: row.checksum_md5 ?? row.id };
}
