import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startSpacesEmulator } from "@audiotricks/spaces-emulator";
import {
  createStorage,
  type Database,
  openDump,
  openProviders,
  parseKeyring,
  pgDumpSource,
  prepareBucket,
} from "@audiotricks/storage";
import { createTestDatabase } from "@audiotricks/testing/database";
import { sql } from "kysely";
import { pino } from "pino";
import { expect, it } from "vitest";
import { backupDatabase, type DatabaseBackup } from "../src/jobs/backup-database.ts";

async function open() {
  const database = await createTestDatabase<Database>();
  const { db } = database;
  const dataDir = await mkdtemp(join(tmpdir(), "at-backup-job-"));
  const key = { accessKeyId: "KEY", secretAccessKey: "secret-of-the-emulator" };
  const emulator = await startSpacesEmulator({ port: 0, dataDir, credentials: [key] });
  const spaces = { endpoint: emulator.endpoint, region: "us-east-1", bucket: `job-${randomUUID()}`, ...key };
  await prepareBucket(spaces, { allowedOrigins: ["https://app.example.com"] });
  const storage = createStorage({ db, providers: await openProviders({ db, spaces }) });
  const { id: providerId } = await db.selectFrom("storage_providers").select("id").executeTakeFirstOrThrow();
  const keyring = parseKeyring(randomBytes(32).toString("base64"));
  const lines: { msg: string; level: string }[] = [];
  const log = pino(
    { level: "info", formatters: { level: (level) => ({ level }) } },
    { write: (line) => void lines.push(JSON.parse(line)) },
  );
  const backup: DatabaseBackup = {
    source: pgDumpSource({ databaseUrl: database.url, env: process.env }),
    keyring,
    policy: { daily: 1, weekly: 0, monthly: 0 },
    findProvider: async () => providerId,
  };
  return {
    db,
    storage,
    providerId,
    keyring,
    /** One night; what it said. */
    run: async (databaseBackup: DatabaseBackup | undefined = backup) => {
      lines.length = 0;
      await backupDatabase.run({ storage, log, databaseBackup, signal: new AbortController().signal });
      return lines.map(({ level, msg }) => `${level}: ${msg}`);
    },
    backup,
    stored: () => storage.dumps.list({ limit: 9, states: ["stored"] }),
    async [Symbol.asyncDispose]() {
      await storage.close();
      await emulator.close();
      await rm(dataDir, { recursive: true, force: true });
      await database[Symbol.asyncDispose]();
    },
  };
}

it("backs the database up each night, keeps what the policy keeps, and makes no second one when it is begun again", async () => {
  await using on = await open();
  expect(await on.run()).toEqual(["info: backed the database up"]);
  expect(await on.run()).toEqual([]);
  const [first] = await on.stored();
  await sql`UPDATE database_dumps SET started_at = started_at - interval '30 hours'`.execute(on.db);
  expect(await on.run()).toEqual([
    "info: backed the database up",
    "info: kept backups of the database by the policy",
  ]);
  const [second, ...more] = await on.stored();
  expect([second?.id === first?.id, more]).toEqual([false, []]);
  const { bytes } = await on.storage.dumps.read({ providerId: on.providerId, from: "latest" });
  const { header, content } = await openDump(bytes, on.keyring);
  for await (const piece of content) expect(piece.length).toBeGreaterThan(0);
  expect(header.id).toBe(second?.id);
});

it("leaves it to whoever is at it, says what is gone, and fails where nothing can be made", async () => {
  await using on = await open();
  await on.run();
  await sql`UPDATE database_dumps SET started_at = now() - interval '30 hours', object_key = 'backups/database/gone'`.execute(
    on.db,
  );
  await sql`INSERT INTO database_dumps (id, storage_provider_id, object_key, state, engine, server_version, migration, key_id, started_at, lease_token, lease_expires_at)
    VALUES (gen_random_uuid(), ${on.providerId}, 'x', 'running', 'postgres', '15.1', '0030', '00000000', now(), gen_random_uuid(), now() + interval '1 minute')`.execute(
    on.db,
  );
  expect(await on.run()).toEqual([
    "info: a backup of the database is under way already",
    "error: a backup of the database is gone from its bucket, or not as it was",
  ]);
  await sql`DELETE FROM database_dumps WHERE state = 'running'`.execute(on.db);
  const broken = {
    ...on.backup,
    source: pgDumpSource({ databaseUrl: "postgres://127.0.0.1:1/x", env: process.env }),
  };
  await expect(on.run(broken)).rejects.toMatchObject({ code: "dump_failed" });
  expect(await on.stored()).toEqual([]);
});

it("does nothing, and says so, where nobody has set it up", async () => {
  await using on = await open();
  const said = [expect.stringMatching(/^info: the database is backed up by nobody here/)];
  expect(await on.run({ ...on.backup, findProvider: async () => undefined })).toEqual(said);
  expect(await on.stored()).toEqual([]);
});
