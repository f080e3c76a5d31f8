import type { KnownExport } from "../site/known-exports.ts";
import type { ExportRow, FileRow, Snapshot } from "../site/snapshot.ts";
import { isWhole } from "./archives.ts";
import { isOrphan } from "./owners.ts";
import { COUNTED, type Invariant, OPEN, type Truth } from "./truth.ts";

const UNDER_WAY = ["queued", "running"];
/** As often in a row as a worker may fail before it is given up. */
const MOST_ATTEMPTS = 12;

/**
 * 20: an archive that is done is at the store, with each file in it or named as missing, which is none that could be read all the time;
 * one that fails has a cause; and whoever takes over goes on where the one before was.
 */
export const exports: Invariant = (truth) => {
  const { now, before, ledger } = truth;
  const wrongs = [...ledger.exports.wrongs];
  const files = new Map(now.files.map((file) => [file.id, file]));
  const earlier = new Map(before?.exports.map((one) => [one.id, one]));
  for (const row of now.exports) {
    const known = ledger.exports.seen({ id: row.id, fileId: row.file });
    const was = earlier.get(row.id);
    const file = files.get(row.file);
    if (UNDER_WAY.includes(row.status)) wrongs.push(...follow(known, row, files));
    if (was !== undefined && UNDER_WAY.includes(was.status)) {
      if (row.status === "running") wrongs.push(...beginsAnew(truth, row, was));
      if (row.status === "done") wrongs.push(...isDone(truth, known, row, file));
      if (row.status === "failed") wrongs.push(...hasCause(now, known, was, file));
    } else if (was !== undefined && was.status !== row.status)
      wrongs.push(`20: export ${row.id} was ${was.status} and is ${row.status} now`);
    if (known.saidEnd !== null && known.saidEnd.state !== row.status)
      wrongs.push(`20: export ${row.id} was said to be ${known.saidEnd.state}, and is ${row.status}`);
    // Not by the time that was set when it was asked for: from its end on.
    if (row.status === "done" && file?.expired === true && !row.over && COUNTED.includes(file.status))
      if (!isOrphan(now, file) && !ledger.mayExpire.has(file.id))
        wrongs.push(`20: the archive of export ${row.id} expires before its time`);
  }
  return wrongs;
};

/** What was planned, once; and which of it had to be left alone since. */
function follow(known: KnownExport, row: ExportRow, files: ReadonlyMap<string, FileRow>): string[] {
  known.plan ??= new Map(
    row.entries.map(({ name, file, size, missing }) => [name, { fileId: file, size, isMissing: missing }]),
  );
  for (const { fileId } of known.plan.values()) {
    if (fileId !== null && files.get(fileId)?.given_out !== true) known.unreadable.add(fileId);
  }
  const planned = new Set([...known.plan.values()].map(({ fileId }) => fileId));
  return (known.askedFor ?? [])
    .filter((id) => !planned.has(id))
    .map((id) => `20: export ${row.id} does not have file ${id}, which was asked for`);
}

/** Of parts in a row from the first on that rows and store agree on, none is forgotten unless something before its end was left out. */
function beginsAnew({ now, store }: Truth, row: ExportRow, was: ExportRow): string[] {
  if (row.missing !== was.missing) return [];
  const session = now.sessions.find(({ id }) => id === row.session);
  const stored = store.uploads.get(session?.upload ?? "")?.parts;
  // Fewer parts are needed than there are: only another upload helps.
  if (stored === undefined || stored.size > Math.ceil(row.bytes / (session?.part_size ?? 1))) return [];
  const kept = new Set(row.parts.map(({ number }) => number));
  for (const [index, { number, etag }] of was.parts.entries()) {
    if (number !== index + 1 || stored.get(number)?.etag !== etag) return [];
    if (!kept.has(number)) return [`20: export ${row.id} forgets part ${number}, which the store has`];
  }
  return [];
}

function isDone(truth: Truth, known: KnownExport, row: ExportRow, file: FileRow | undefined): string[] {
  const { now, store, ledger } = truth;
  const object = store.find(file?.key ?? "");
  const mayBeGone =
    known.isCancelAsked || file === undefined || isOrphan(now, file) || ledger.mayExpire.has(file.id);
  if (file === undefined || !COUNTED.includes(file.status) || object === undefined)
    return mayBeGone ? [] : [`20: export ${row.id} is done, and its archive is ${file?.status}`];
  return isWhole(truth, known, object).map((wrong) => `20: the archive of export ${row.id} ${wrong}`);
}

/** Somebody ended it, its owner went, nobody made it in time, or everybody failed at it. */
function hasCause(now: Snapshot, known: KnownExport, was: ExportRow, file: FileRow | undefined): string[] {
  const session = now.sessions.find(({ id }) => id === was.session);
  const isLate = session?.expired === true && !OPEN.includes(session.status ?? "");
  if (known.isCancelAsked || isLate || was.attempts >= MOST_ATTEMPTS) return [];
  // Made long ago, and its worker never came back to say so.
  if (file === undefined || isOrphan(now, file) || file.expired) return [];
  const error = now.exports.find(({ id }) => id === known.id)?.error;
  return [`20: export ${known.id} failed with ${error}, though nobody and nothing stopped it`];
}
