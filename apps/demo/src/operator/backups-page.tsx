import type { BackupsResponse, DatabaseBackupsResponse } from "@audiotricks/protocol/admin";
import type { Column } from "./data-table.tsx";
import { Figure } from "./figure.tsx";
import { age, bytes, count, instant, text } from "./formats.ts";
import { PageLink } from "./page-link.tsx";

type Copies = BackupsResponse["backups"][number];
type Failure = BackupsResponse["failures"][number];
type Bare = BackupsResponse["withoutBackup"][number];
type Dump = DatabaseBackupsResponse["backups"][number];

const COPIES: readonly Column<Copies>[] = [
  { title: "Bucket", cell: (row) => row.bucket },
  { title: "Copies in", cell: (row) => `${row.backupBucket} (${row.backupRegion})` },
  {
    title: "Recovery point (UTC)",
    cell: (row) => (row.isFilled ? instant(row.recoveryPoint) : "still being filled"),
  },
  { title: "Copied", isNumber: true, cell: (row) => count(row.copied) },
  { title: "Bytes", isNumber: true, cell: (row) => bytes(row.copiedBytes) },
  { title: "Waiting", isNumber: true, cell: (row) => count(row.pending + row.copying) },
  { title: "Failed", isNumber: true, cell: (row) => count(row.failed) },
  { title: "To copy", isNumber: true, cell: (row) => bytes(row.waitingBytes) },
  { title: "Kept of deleted", isNumber: true, cell: (row) => count(row.kept) },
];
const FAILURES: readonly Column<Failure>[] = [
  { title: "File", cell: (row) => <PageLink to={`/operator/uploads/${row.fileId}`}>{row.fileId}</PageLink> },
  { title: "Error", cell: (row) => row.code },
  { title: "Why", cell: (row) => <span className="wide">{row.message}</span> },
  { title: "Attempts", isNumber: true, cell: (row) => count(row.attempts) },
  { title: "Again at (UTC)", cell: (row) => instant(row.nextAttemptAt) },
];
const BARE: readonly Column<Bare>[] = [
  { title: "Bucket", cell: (row) => row.bucket },
  { title: "Region", cell: (row) => row.region },
  {
    title: "Mend it by",
    cell: (row) => <code>audiotricks-storage provider add --backup-of {row.providerId}</code>,
  },
];
const DUMPS: readonly Column<Dump>[] = [
  { title: "Begun (UTC)", cell: (row) => instant(row.startedAt) },
  { title: "State", cell: (row) => row.state },
  { title: "Size", isNumber: true, cell: (row) => bytes(row.size) },
  { title: "Bucket", cell: (row) => `${row.bucket} (${row.region})` },
  { title: "Database", cell: (row) => `${row.engine} ${row.serverVersion}` },
  { title: "Ended (UTC)", cell: (row) => instant(row.endedAt) },
  { title: "Error", cell: (row) => text(row.errorCode) },
];

export function BackupsPage() {
  const copies = { path: "backups", query: {} } as const;
  return (
    <>
      <Figure<BackupsResponse, Copies>
        {...copies}
        question="What can every file be taken back to?"
        rows={({ backups }) => backups}
        columns={COPIES}
        summary={recoveryWords}
        empty="No bucket has copies in another one."
      />
      <Figure<BackupsResponse, Bare>
        {...copies}
        question="Which buckets are nowhere else?"
        csv={{ name: "without-backup", query: { table: "withoutBackup" } }}
        rows={({ withoutBackup }) => withoutBackup}
        columns={BARE}
        empty="None: all that have files have copies."
      />
      <Figure<BackupsResponse, Failure>
        {...copies}
        question="Which copies fail, and why?"
        csv={{ name: "failing-copies", query: { table: "failures" } }}
        rows={({ failures }) => failures}
        columns={FAILURES}
        empty="None fails."
        note="Those that have waited longest; each is tried again by itself."
      />
      <Figure<DatabaseBackupsResponse, Dump>
        question="How old is the newest backup of the database?"
        path="database-backups"
        query={{}}
        rows={({ backups }) => backups}
        columns={DUMPS}
        summary={({ newestStoredAt, at }) =>
          newestStoredAt === null
            ? "There is none."
            : `${instant(newestStoredAt)} UTC, ${agoWords(newestStoredAt, at)}.`
        }
        empty="No backup of the database was ever made: audiotricks-storage backup database makes one."
      />
    </>
  );
}

function recoveryWords({ recoveryPoint, at, withoutBackup }: BackupsResponse): string {
  if (recoveryPoint !== null)
    return `Every file that was stored before ${instant(recoveryPoint)} UTC, ${agoWords(recoveryPoint, at)}, has its copy.`;
  return withoutBackup.length > 0
    ? "Not every file has a copy: there is a bucket without."
    : "Nothing can be said yet: copies are still being made.";
}

function agoWords(iso: string, at: string): string {
  return `${age(Date.parse(at) - Date.parse(iso))} ago`;
}
