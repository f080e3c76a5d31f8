import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { migrate } from "@audiotricks/migrations";
import { createStorage, type Database, openProviders, prepareBucket } from "@audiotricks/storage";
import { wavBytes } from "@audiotricks/testing/audio";
import { createEmptyDatabase } from "@audiotricks/testing/database";
import { startPostgres } from "@audiotricks/testing/postgres";
import { seedUser } from "@audiotricks/testing/seed";
import { sql } from "kysely";
import { expect, it } from "vitest";
import { type CommandRun, runCommand } from "./run-command.ts";
import { openEmulator } from "./stores.ts";

const run = promisify(execFile);
/** Until it has been dumped. */
const SOON_MS = 5_000;

it("asks a person before it deletes what a restored dump says has expired", {
  timeout: 120_000,
}, async () => {
  await using postgres = await startPostgres();
  await using store = await openEmulator();
  await using before = await createEmptyDatabase<Database>(postgres.url);
  await using restored = await createEmptyDatabase<Database>(postgres.url);
  const directory = await mkdtemp(join(tmpdir(), "at-cli-"));
  const spaces = { ...store, bucket: `cli-${randomUUID()}` };
  await prepareBucket(spaces, { allowedOrigins: ["https://app.example.com"] });
  await migrate(before.db);
  const providers = await openProviders({ db: before.db, spaces });
  const storage = createStorage({ db: before.db, providers });
  const userId = await seedUser(before.db);
  const upload = async () => {
    const file = {
      clientId: "1",
      name: "a.wav",
      size: 1000,
      type: "audio/wav",
      contentType: "audio_file",
    } as const;
    const [created] = await storage.uploads.create({ userId }, [file]);
    if (created === undefined || "error" in created) throw new Error("not created");
    const { sessionId, urls, fileId, key } = created.session;
    await fetch(urls[0]?.url ?? "", { method: "PUT", body: wavBytes(1000) });
    expect(await storage.uploads.complete({ userId }, sessionId, {})).toMatchObject({ state: "completed" });
    return { id: fileId, key };
  };
  const env = (url: string) => ({
    DATABASE_URL: url,
    SPACES_ENDPOINT: store.endpoint,
    SPACES_REGION: store.region,
    SPACES_BUCKET: spaces.bucket,
    SPACES_KEY: store.accessKeyId,
    SPACES_SECRET: store.secretAccessKey,
  });
  try {
    const prolonged = await upload();
    await upload();
    const expiresAt = new Date(Date.now() + SOON_MS);
    await sql`UPDATE file_storage SET expires_at = ${expiresAt}`.execute(before.db);
    await storage.sweep();
    // The dump is read in six minutes later.
    await sql`UPDATE expiry_watch SET seen_at = now() - interval '6 minutes'`.execute(before.db);
    const dump = join(directory, "dump");
    await run(join(postgres.bin, "pg_dump"), ["-Fc", "-f", dump, before.url]);
    await sql`UPDATE file_storage SET expires_at = now() + interval '1 year' WHERE id = ${prolonged.id}`.execute(
      before.db,
    );
    await run(join(postgres.bin, "pg_restore"), ["--exit-on-error", "-d", restored.url, dump]);
    await delay(expiresAt.getTime() - Date.now() + 100);

    const cli = (...words: string[]) => runCommand(words, { env: env(restored.url) });
    const json = ({ stdout }: CommandRun) => JSON.parse(stdout) as Record<string, unknown>;
    const states = async () =>
      (
        await restored.db.selectFrom("file_storage").select(["id", "status"]).orderBy("created_at").execute()
      ).map(({ status }) => status);
    const told = await cli("sweep", "--dry-run");
    expect(told.exitCode).toBe(2);
    expect(told.stdout).toContain("Files to expire: 0\n");
    expect(told.stdout).toContain("Files held back, though their time is over: 2;");
    expect(told.stdout).toContain(
      `  ${prolonged.key} (file ${prolonged.id}, until ${expiresAt.toISOString()})`,
    );
    expect(told.stdout).toContain("The next sweep or reconcile gives this an id to be answered by.");

    const swept = await cli("sweep", "--json");
    expect(swept.exitCode).toBe(2);
    expect(json(swept)).toMatchObject({ expired: 0, failures: [], expiryHold: { files: 2, filesLater: 0 } });
    const { id } = json(swept).expiryHold as { id: string };
    for (const words of [["sweep", "--dry-run"], ["sweep"], ["reconcile"], ["doctor"]]) {
      const { exitCode, stdout } = await cli(...words);
      expect([words, exitCode]).toEqual([words, 2]);
      expect(stdout).toContain(`audiotricks-storage sweep --expire-held ${id}`);
    }
    expect(json(await cli("doctor", "--json"))).toMatchObject({ expiryHold: { id, files: 2 } });
    expect(json(await cli("reconcile", "--json"))).toMatchObject({
      objects: 2,
      findings: { expiry_held: { count: 1, samples: [{ id, files: 2 }] } },
    });
    expect(await states()).toEqual(["stored", "stored"]);

    for (const words of [["--expire-held", "all"], ["--expire-held"], ["--expire-held", id, "--dry-run"]])
      expect(await cli("sweep", ...words)).toMatchObject({ exitCode: 64 });
    const wrong = await cli("sweep", "--json", "--expire-held", randomUUID());
    expect(wrong).toMatchObject({ exitCode: 1, stdout: "" });
    expect(JSON.parse(wrong.stderr)).toMatchObject({ error: { code: "hold_not_found" } });
    expect(await states()).toEqual(["stored", "stored"]);

    await sql`UPDATE file_storage SET expires_at = now() + interval '1 year' WHERE id = ${prolonged.id}`.execute(
      restored.db,
    );
    const answered = await cli("sweep", "--json", "--expire-held", id);
    expect(answered).toMatchObject({ exitCode: 0, stderr: "" });
    expect(json(answered)).toMatchObject({ expired: 1, failures: [] });
    expect(json(answered)).not.toHaveProperty("expiryHold");
    expect(await states()).toEqual(["stored", "deleting"]);
    expect((await cli("sweep", "--expire-held", id)).exitCode).toBe(1);
    expect(await cli("reconcile")).toMatchObject({ exitCode: 0 });
  } finally {
    await storage.close();
    await rm(directory, { recursive: true });
  }
});
