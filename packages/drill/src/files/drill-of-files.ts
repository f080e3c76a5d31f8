import { randomBytes, randomUUID } from "node:crypto";
import { createStorage, type Database, openProviders, prepareBucket } from "@audiotricks/storage";
import { createTemplate, createTestDatabase } from "@audiotricks/testing/database";
import { startPostgres } from "@audiotricks/testing/postgres";
import { seedUser } from "@audiotricks/testing/seed";
import { sql } from "kysely";
import { operate } from "../operate.ts";
import { type Bucket, openBucket } from "./bucket.ts";
import { generatedFile } from "./content.ts";
import { openStores, type StoreKind } from "./open-stores.ts";
import { isEmptyRefused, type UploadedFile, uploadFiles } from "./upload-files.ts";

export interface FilesDrillReport {
  store: StoreKind;
  counts: Record<string, number>;
  /** What is not as it was: none, or the drill has failed. */
  problems: string[];
}

/** Of the time that each killed run has at most. */
const KILL_WITHIN_MS = 2_500;
const KILLS = 3;

/**
 * Uploads generated files, copies them to another bucket while both stores fail and the copying process is killed, loses the files' bucket
 * and brings everything back: into a scratch bucket, whose every byte is compared, and to its own place.
 */
export async function drillOfFiles(options: {
  files: number;
  store: StoreKind;
  signal: AbortSignal;
  say: (line: string) => void;
}): Promise<FilesDrillReport> {
  const { files, store: kind, signal, say } = options;
  const problems: string[] = [];
  const counts: Record<string, number> = {};
  const time = async <Result>(what: string, work: () => Promise<Result>): Promise<Result> => {
    const began = performance.now();
    const result = await work();
    counts[`ms to ${what}`] = Math.round(performance.now() - began);
    say(`${what}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
    return result;
  };

  await using postgres = await startPostgres();
  await createTemplate(postgres.url);
  await using database = await createTestDatabase<Database>(postgres.url);
  await using stores = await openStores(kind);
  const { db } = database;
  const spaces = { ...stores.files, bucket: `drill-${randomUUID()}` };
  await prepareBucket(spaces, { allowedOrigins: ["http://localhost:3000"] });
  const storage = createStorage({ db, providers: await openProviders({ db, spaces }) });
  await using closing = new AsyncDisposableStack();
  closing.defer(() => storage.close());
  const principal = { userId: await seedUser(db) };
  await sql`UPDATE storage_settings SET default_user_max_bytes = NULL, default_user_max_files = NULL`.execute(
    db,
  );
  using own = openBucket(stores.files, spaces.bucket);
  using scratch = openBucket(stores.files, `scratch-${randomUUID()}`);
  await scratch.create();

  const env = {
    DATABASE_URL: database.url,
    STORAGE_ENCRYPTION_KEY: randomBytes(32).toString("base64"),
    STORAGE_ALLOW_INTERNAL_ENDPOINTS: "true",
    SPACES_ENDPOINT: spaces.endpoint,
    SPACES_REGION: spaces.region,
    SPACES_BUCKET: spaces.bucket,
    SPACES_KEY: spaces.accessKeyId,
    SPACES_SECRET: spaces.secretAccessKey,
  };
  const command = async (words: string[], more: { stdin?: string; killAfterMs?: number } = {}) => {
    const outcome = await operate([...words, "--json"], { env, signal, ...more });
    if (outcome.stdout === "" && more.killAfterMs === undefined)
      throw new Error(`${words.slice(0, 2).join(" ")}: ${outcome.stderr}`);
    return outcome.stdout === "" ? {} : (JSON.parse(outcome.stdout) as Record<string, unknown>);
  };

  if (!(await isEmptyRefused(storage, principal))) problems.push("an empty file was not refused");
  const uploaded = await time("upload", () =>
    uploadFiles(storage, principal, { from: 0, count: files, signal }),
  );
  counts.bytes = uploaded.reduce((sum, { index }) => sum + generatedFile(index).size, 0);
  const { id: providerId } = await db.selectFrom("storage_providers").select("id").executeTakeFirstOrThrow();
  const { endpoint, region, accessKeyId, secretAccessKey } = stores.copies;
  const place = { endpoint, region, bucket: `copies-${randomUUID()}`, "access-key-id": accessKeyId };
  const args = Object.entries(place).map(([name, value]) => `--${name}=${value}`);
  await command(["provider", "add", ...args, `--backup-of=${providerId}`, "--create"], {
    stdin: secretAccessKey,
  });

  await time("back up, with faults and kills", async () => {
    await stores.trouble();
    for (let kill = 0; kill < KILLS; kill++) {
      await command(["backup", "run"], { killAfterMs: KILL_WITHIN_MS * (0.4 + 0.6 * Math.random()) });
      await letTimePass();
    }
    await command(["backup", "run"]);
    counts["requests struck by faults"] = await stores.heal();
    for (let round = 0; ; round++) {
      signal.throwIfAborted();
      await letTimePass();
      const { failures } = await command(["backup", "run"]);
      const { rows } = await sql<{ left: number }>`
        SELECT count(*)::integer AS left FROM file_backups WHERE state <> 'copied'`.execute(db);
      if (rows[0]?.left === 0) break;
      if (round === 20) throw new Error(`not copied: ${JSON.stringify(failures)}`);
    }
  });
  counts["runs killed"] = KILLS;
  const compared = await command(["backup", "compare"]);
  if (compared.lost !== 0 || compared.unknown !== 0)
    problems.push(`compare says ${JSON.stringify(compared)}`);
  const point = (await storage.backups.state()).recoveryPoint;
  counts["s since the recovery point"] = Math.round((Date.now() - (point?.getTime() ?? 0)) / 1000);

  // After the last copy: these are lost, and nothing else.
  const late = await uploadFiles(storage, principal, { from: files, count: Math.ceil(files / 50), signal });
  await time("lose the bucket", async () => {
    for (const key of await own.keys()) await own.delete(key);
  });

  const intoScratch = await time("restore into a scratch bucket", () =>
    command(["restore", "provider", providerId, `--into-bucket=${scratch.name}`]),
  );
  await time("compare every byte", () => compareBytes(scratch, uploaded, problems));
  counts["files restored"] = Number(intoScratch.restored);
  counts["files lost, of after the backup"] = (intoScratch.failures as unknown[]).length;
  const lateIds = new Set(late.map(({ id }) => id));
  for (const { id, code } of intoScratch.failures as { id: string; code: string }[])
    if (!lateIds.has(id)) problems.push(`file ${id} was not restored: ${code}`);
  if (counts["files lost, of after the backup"] !== late.length)
    problems.push("a file that was never copied was restored");

  await time("restore to its own place", () => command(["restore", "provider", providerId]));
  await compareBytes(own, uploaded, problems);
  const { findings } = await storage.upkeep.reconcile();
  if (findings.object_missing !== late.length || Object.keys(findings).length > 1)
    problems.push(`reconcile says ${JSON.stringify(findings)}`);
  counts.files = uploaded.length;
  return { store: kind, counts, problems };

  /** Leases of what was killed run out after five minutes, and what failed is due later: as if they had passed. */
  async function letTimePass(): Promise<void> {
    await sql`UPDATE file_backups SET due_at = now() WHERE due_at > now()`.execute(db);
  }
}

async function compareBytes(
  bucket: Bucket,
  uploaded: readonly UploadedFile[],
  problems: string[],
): Promise<void> {
  for (const { id, key, index } of uploaded) {
    const found = await bucket.read(key);
    if (found === undefined) problems.push(`${bucket.name}: file ${id} is missing`);
    else if (!Buffer.from(found).equals(generatedFile(index).bytes()))
      problems.push(`${bucket.name}: file ${id} has other bytes`);
  }
}
