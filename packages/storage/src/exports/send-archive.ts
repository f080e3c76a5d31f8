import { UploadError } from "@audiotricks/protocol";
import type { StoredPart } from "@audiotricks/protocol/messages";
import { createByteCutter } from "../s3/byte-cutter.ts";
import { listParts } from "../s3/multipart.ts";
import { headObject } from "../s3/objects.ts";
import { sendParts } from "../s3/send-parts.ts";
import type { StorageContext } from "../storage-context.ts";
import type { Store } from "../stores.ts";
import type { MultipartTarget, Session } from "../uploads/session.ts";
import { archiveBytes, type Mark } from "./archive-bytes.ts";
import { type ArchiveLayout, layOut } from "./archive-layout.ts";
import { beginUploadAnew } from "./begin-upload-anew.ts";
import type { ExportLease } from "./export-lease.ts";
import {
  leaveOut,
  type PresentEntry,
  readEntries,
  readSentParts,
  recordBeginning,
  recordSentPart,
  type SentPart,
} from "./export-progress.ts";
import { isGivenOut } from "./find-exported.ts";
import { EntryGone, readSources } from "./read-sources.ts";
import { watchGone } from "./watch-gone.ts";

const LANES = 4;
const MEMORY = 48 * 1024 * 1024;

type ArchiveSession = Session & { target: MultipartTarget };

/**
 * Sends what the store does not have of an archive, from the last part on that it and the rows agree on.
 *
 * @returns Whether all of it is there now; `false`: something had to be left out, and the rest lies elsewhere than before. Again.
 */
export async function sendArchive(
  context: StorageContext,
  lease: ExportLease,
  { session, store }: { session: ArchiveSession; store: Store },
): Promise<boolean> {
  const entries = await readEntries(context, lease);
  const layout = layOut(entries);
  const upload = { key: session.key, uploadId: session.target.uploadId ?? "" };
  const { partSize } = session;
  const stored = await listParts(store.s3, upload);
  if (stored === undefined) {
    // Perhaps a Complete that was given up for refused has been carried out after all: whoever completes looks whether it is this archive.
    if ((await headObject(store.s3, session.key)) !== undefined) return true;
    throw new UploadError("upload_failed", "The store has lost the upload of this archive.");
  }
  if (stored.some(({ partNumber }) => partNumber > Math.ceil(layout.size / partSize))) {
    await beginUploadAnew(context, lease, { session, store });
    return false;
  }
  const sent = agreedParts(await readSentParts(context, lease), stored);
  const from = { offset: sent.reduce((sum, { size }) => sum + size, 0), crc32: sent.at(-1)?.crc32 ?? 0 };
  const isAhead = (index: number) => (layout.placed[index]?.dataEnd ?? 0) > from.offset;
  const watch = await watchGone(context, lease, entries, isAhead);
  if (watch.gone.length > 0) {
    await leaveOut(context, lease, {
      ordinals: ordinalsOf(entries, watch.gone),
      fromPart: partOf(layout, watch.gone, partSize),
    });
    return false;
  }
  await recordBeginning(context, lease, {
    files: entries.filter(({ fileId }, index) => fileId !== null && !isAhead(index)).length,
    bytes: from.offset,
    size: layout.size,
    afterPart: sent.length,
  });
  if (from.offset >= layout.size) return true;

  const marks = new Map<number, Mark>();
  const source = archiveBytes(entries, layout, {
    from,
    partSize,
    read: readSources(context.stores, entries, {
      layout,
      offset: from.offset,
      requireReadable: watch.requireReadable,
    }),
    mark: (partNumber, mark) => marks.set(partNumber, mark),
  });
  using cutter = createByteCutter(source);
  try {
    const first = await cutter.next(partSize);
    await sendParts(
      store.s3,
      { ...upload, cutter, first, firstNumber: sent.length + 1 },
      {
        partSizeOf: () => partSize,
        lanes: Math.min(LANES, store.limits.maxConcurrentPuts),
        memory: MEMORY,
        afterPart: (part) => recordSentPart(context, lease, part, takeMark(marks, entries, part)),
      },
    );
    return true;
  } catch (error) {
    if (!(error instanceof EntryGone)) throw error;
    if (await hasMoved(context, entries[error.index])) return false;
    const gone = [error.index];
    await leaveOut(context, lease, {
      ordinals: ordinalsOf(entries, gone),
      fromPart: partOf(layout, gone, partSize),
    });
    return false;
  }
}

function takeMark(marks: Map<number, Mark>, entries: readonly PresentEntry[], { partNumber }: StoredPart) {
  const mark = marks.get(partNumber);
  if (mark === undefined) throw new Error("a part without its mark");
  marks.delete(partNumber);
  const finished = mark.finished.flatMap(({ index, crc32 }) => {
    const entry = entries[index];
    return entry === undefined ? [] : [{ entry, crc32 }];
  });
  return { crc32: mark.crc32, finished };
}

/** The parts from the first on that the store has as they were sent. */
function agreedParts(sent: readonly SentPart[], stored: readonly StoredPart[]): SentPart[] {
  const byNumber = new Map(stored.map((part) => [part.partNumber, part]));
  const end = sent.findIndex((part, index) => {
    const there = byNumber.get(part.partNumber);
    return part.partNumber !== index + 1 || there?.etag !== part.etag || there.size !== part.size;
  });
  return end === -1 ? [...sent] : sent.slice(0, end);
}

/** Then it is read where it is now. */
async function hasMoved({ db }: StorageContext, entry: PresentEntry | undefined): Promise<boolean> {
  if (entry === undefined || entry.fileId === null || !("key" in entry.source)) return false;
  const { providerId, key, etag } = entry.source;
  const row = await db
    .selectFrom("file_storage as f")
    .select("f.id")
    .where("f.id", "=", entry.fileId)
    .where(isGivenOut)
    .where((eb) =>
      eb.or([
        eb("f.storage_provider_id", "<>", providerId),
        eb("f.storage_path", "<>", key),
        eb("f.etag", "is distinct from", etag),
      ]),
    )
    .executeTakeFirst();
  return row !== undefined;
}

function ordinalsOf(entries: readonly PresentEntry[], indexes: readonly number[]): number[] {
  return indexes.flatMap((index) => entries[index]?.ordinal ?? []);
}

/** The first part that has a byte of one of these. */
function partOf({ placed }: ArchiveLayout, indexes: readonly number[], partSize: number): number {
  const offset = Math.min(...indexes.map((index) => placed[index]?.offset ?? 0));
  return Math.floor(offset / partSize) + 1;
}
