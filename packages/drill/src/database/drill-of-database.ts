import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate } from "@audiotricks/migrations";
import { startSpacesEmulator } from "@audiotricks/spaces-emulator";
import { type Database, openProviders, prepareBucket } from "@audiotricks/storage";
import { createEmptyDatabase } from "@audiotricks/testing/database";
import { startPostgres } from "@audiotricks/testing/postgres";
import { type Kysely, sql } from "kysely";
import { say } from "../say.ts";
import { generate, writeOn } from "./generate.ts";
import { type CommandOutcome, operate } from "./operator.ts";

export interface Drill {
  counts: Record<string, number>;
  /** None, or something was lost that had to be there. */
  problems: string[];
}

const KILL_AFTER_MS = 1_500;

/**
 * A database with generated data and people who go on writing. Its backup is killed in the middle, made, and compared in a scratch
 * database; then the database is dropped, and brought back from the bucket alone.
 */
export async function drillOfDatabase({
  files,
  signal,
}: {
  files: number;
  signal: AbortSignal;
}): Promise<Drill> {
  await using postgres = await startPostgres();
  await using lost = await createEmptyDatabase<Database>(postgres.url);
  await using place = await openBucket();
  const { bucket } = place;
  const { db, url } = lost;
  await migrate(db);
  await openProviders({ db, spaces: bucket });
  const { id: provider } = await db.selectFrom("storage_providers").select("id").executeTakeFirstOrThrow();
  say(`generating ${files} files`);
  await generate(db, files);
  const env = {
    DATABASE_URL: url,
    STORAGE_ENCRYPTION_KEY: randomBytes(32).toString("base64"),
    POSTGRES_BIN: postgres.bin,
    SPACES_ENDPOINT: bucket.endpoint,
    SPACES_REGION: bucket.region,
    SPACES_BUCKET: bucket.bucket,
    SPACES_KEY: bucket.accessKeyId,
    SPACES_SECRET: bucket.secretAccessKey,
  };
  const problems: string[] = [];
  const run = async (words: string[], options: { stdin?: string; killAfterMs?: number } = {}) => {
    say(`audiotricks-storage ${words.join(" ")}${options.killAfterMs === undefined ? "" : ", killed"}`);
    return await operate([...words, "--json"], { env, signal, ...options });
  };
  const writer = writeOn(db);
  await run(["backup", "database", "--provider", provider], { killAfterMs: KILL_AFTER_MS });
  // Its lease, which nobody waits for here.
  await sql`UPDATE database_dumps SET lease_expires_at = now() WHERE state = 'running'`.execute(db);
  const drill = resultOf<{
    differences: unknown[];
    rows: number;
    tables: number;
    objects: number;
    size: number;
    dumpMs: number;
    restoreMs: number;
    compareMs: number;
  }>(await run(["restore", "drill", "--provider", provider]), [0, 1]);
  problems.push(...drill.differences.map((difference) => JSON.stringify(difference)));

  await writer.stop();
  const { startedAt } = await db
    .selectFrom("database_dumps")
    .select("started_at as startedAt")
    .where("state", "=", "stored")
    .orderBy("started_at", "desc")
    .executeTakeFirstOrThrow();
  const before = await rowsOf(db);
  say("dropping the database");
  await using maintenance = await createEmptyDatabase<Database>(postgres.url);
  await sql`DROP DATABASE ${sql.id(new URL(url).pathname.slice(1))} WITH (FORCE)`.execute(maintenance.db);
  const words = [
    "restore",
    "database",
    "--from",
    "latest",
    "--into",
    url,
    "--endpoint",
    bucket.endpoint,
    "--region",
    bucket.region,
  ];
  const named = ["--bucket", bucket.bucket, "--access-key-id", bucket.accessKeyId];
  const restored = resultOf<{ tookMs: number }>(
    await run([...words, ...named], { stdin: bucket.secretAccessKey }),
    [0, 2],
  );
  // Under the name of before, so that everybody finds it.
  const after = await rowsOf(db);
  const { rows: found } = await sql<{ id: string }>`SELECT id FROM users`.execute(db);
  const there = new Set(found.map(({ id }) => id));
  const missing = writer.acknowledged.filter(({ id, at }) => at < startedAt && !there.has(id));
  for (const { id, at } of missing)
    problems.push(
      `user ${id} of ${at.toISOString()} is gone, before the backup of ${startedAt.toISOString()}`,
    );
  const lastAt = writer.acknowledged.at(-1)?.at ?? startedAt;
  return {
    counts: {
      rows: drill.rows,
      tables: drill.tables,
      definitions: drill.objects,
      "bytes of the backup": drill.size,
      "ms to back up": drill.dumpMs,
      "ms to restore": drill.restoreMs,
      "ms to compare": drill.compareMs,
      "ms from the lost database to the new one": restored.tookMs,
      "ms between the backup and the loss": lastAt.getTime() - startedAt.getTime(),
      "rows lost, written in that time": before - after,
    },
    problems,
  };
}

async function openBucket() {
  const dataDir = await mkdtemp(join(tmpdir(), "at-drill-"));
  const key = { accessKeyId: "DRILL", secretAccessKey: randomBytes(20).toString("hex") };
  const emulator = await startSpacesEmulator({ port: 0, dataDir, credentials: [key] });
  const bucket = {
    endpoint: emulator.endpoint,
    region: "us-east-1",
    bucket: `drill-${randomUUID()}`,
    ...key,
  };
  await prepareBucket(bucket, { allowedOrigins: ["https://app.example.com"] });
  return {
    bucket,
    async [Symbol.asyncDispose]() {
      await emulator.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function resultOf<Result>({ exitCode, stdout, stderr }: CommandOutcome, expected: number[]): Result {
  if (exitCode === null || !expected.includes(exitCode)) throw new Error(`ended with ${exitCode}: ${stderr}`);
  return JSON.parse(stdout) as Result;
}

/** Of people's own tables: what a restore does itself is written elsewhere. */
async function rowsOf(db: Kysely<Database>): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM file_storage) + (SELECT count(*) FROM multipart_uploads) AS count`.execute(
    db,
  );
  return Number(rows[0]?.count);
}
