import { expect } from "@playwright/test";
import type { Account, StoredFile } from "./account.ts";
import type { ObjectStore } from "./object-store.ts";

/** By when what arrived late is gone: two sweeps, one of which may have looked just before, on a machine that has much to do. */
const SWEEP_MS = 75_000;

export type Query = <Row extends object>(text: string, values?: unknown[]) => Promise<Row[]>;

/** Whose files are compared, and with what. */
export interface Audited {
  /** Everybody who may have files there. */
  accounts(): Promise<Account[]>;
  store: ObjectStore;
  /** `undefined` where the database cannot be asked from outside. */
  query: Query | undefined;
}

/** What must be at the store in the end, byte for byte. */
export interface ExpectedFile {
  name: string;
  size: number;
  sha256: string;
}

/**
 * Compares what the companion says, what the store holds and what the database counts with what was uploaded.
 * Nothing may be open, missing, left over or counted wrong.
 */
export async function audit(stack: Audited, expected: ExpectedFile[]): Promise<void> {
  const accounts = await stack.accounts();
  const files = await filesOf(accounts);
  const found = await Promise.all(
    files.map(async ({ name, size, key, state, checksumSha256 }) => {
      const sha256 = await stack.store.sha256(key);
      // A browser that sends faster than it can hash says none.
      return { name, size, state, sha256, said: checksumSha256 ?? sha256 };
    }),
  );
  const wanted = expected.map(({ name, size, sha256 }) => ({
    name,
    size,
    state: "stored",
    sha256,
    said: sha256,
  }));
  expect(found.sort(byContent), "files, and the bytes of their objects").toEqual(wanted.sort(byContent));

  // What the answer does not wait for (a temporary object, an abort) may be a moment behind it; a PUT that was on its way
  // when its session ended lands when it lands, and is taken away by a sweep after that: one begins every 20 s.
  await expect
    .poll(() => stack.store.keys(), { message: "objects in the bucket", timeout: SWEEP_MS })
    .toEqual(files.map(({ key }) => key).sort());
  await expect.poll(() => stack.store.openUploads(), { message: "open multipart uploads" }).toEqual([]);

  for (const account of accounts) {
    expect(await account.openSessions(), "open sessions").toEqual([]);
    for (const quota of await account.quotas()) {
      const own = files.filter((file) =>
        quota.scope === "user" ? file.ownerId === quota.id : file.workspaceId === quota.id,
      );
      expect(quota, `usage of ${quota.scope} ${quota.id}`).toMatchObject({
        usedBytes: own.reduce((sum, { size }) => sum + size, 0),
        usedFiles: own.length,
        reservedBytes: 0,
        reservedFiles: 0,
      });
    }
  }
  if (stack.query !== undefined) await auditRows(stack.query, files);
}

/** Deletes everything, as users do; afterwards nothing may be left at the store or be counted. */
export async function wipe(stack: Audited): Promise<void> {
  const accounts = await stack.accounts();
  for (const account of accounts) {
    for (const { sessionId } of await account.openSessions()) await account.cancel(sessionId);
  }
  for (const account of accounts) {
    for (const { id } of await account.files()) await account.deleteFile(id);
  }
  await audit(stack, []);
}

async function filesOf(accounts: Account[]): Promise<StoredFile[]> {
  const files = new Map<string, StoredFile>();
  for (const account of accounts) for (const file of await account.files()) files.set(file.id, file);
  return [...files.values()];
}

/** The same from the tables: counters are the sums of what they count, and the log of operations tells the same story. */
async function auditRows(query: Query, files: StoredFile[]): Promise<void> {
  const wrongCounters = await query(`
    SELECT c.*, f.bytes, f.files, s.bytes AS open_bytes, s.files AS open_files
    FROM storage_counters c
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(file_size), 0) AS bytes, count(*) AS files FROM file_storage
      WHERE status IN ('stored', 'processing', 'processed', 'quarantined', 'archived', 'recalling')
        AND CASE c.scope WHEN 'user' THEN user_id ELSE workspace_id END = c.scope_id) f
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(total_file_size), 0) AS bytes, count(*) AS files FROM multipart_uploads
      WHERE status IN ('creating', 'active', 'completing')
        AND CASE c.scope WHEN 'user' THEN user_id ELSE workspace_id END = c.scope_id) s
    WHERE (c.used_bytes, c.used_files, c.reserved_bytes, c.reserved_files)
      IS DISTINCT FROM (f.bytes, f.files, s.bytes, s.files)`);
  expect(wrongCounters, "counters that are not the sum of what they count").toEqual([]);

  const stored = await query<{ storage_path: string; session: string }>(`
    SELECT f.storage_path, m.status AS session FROM file_storage f
    LEFT JOIN multipart_uploads m ON m.file_storage_id = f.id WHERE f.status = 'stored' ORDER BY f.storage_path`);
  const wanted = files.map(({ key }) => ({ storage_path: key, session: "completed" }));
  expect(stored, "rows of stored files and their sessions").toEqual(
    wanted.sort((a, b) => (a.storage_path < b.storage_path ? -1 : 1)),
  );

  // The log is written a moment later, in batches.
  const untold = `
    SELECT f.storage_path, f.status FROM file_storage f
    WHERE (f.status = 'stored' AND NOT EXISTS (
        SELECT FROM spaces_operations o WHERE o.file_storage_id = f.id AND o.success
          AND o.operation_type IN ('upload', 'copy')))
      OR (f.status = 'deleted' AND NOT EXISTS (
        SELECT FROM spaces_operations o WHERE o.file_storage_id = f.id AND o.success AND o.operation_type = 'delete'))`;
  await expect
    .poll(() => query(untold), { message: "files whose operations are not in the log" })
    .toEqual([]);
}

function byContent(a: { name: string; sha256: string }, b: { name: string; sha256: string }): number {
  return `${a.name} ${a.sha256}` < `${b.name} ${b.sha256}` ? -1 : 1;
}
