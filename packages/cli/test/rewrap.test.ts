import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Database, parseEnvelopeKey, sealSecret } from "@audiotricks/storage";
import { createTestDatabase } from "@audiotricks/testing/database";
import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { runCommand, runJson } from "./run-command.ts";

describe("provider rewrap", () => {
  it("puts secrets under the first key of the keyring in a file, and says when the others can go", async () => {
    await using database = await createTestDatabase<Database>();
    const [oldKey, newKey] = [randomBytes(32).toString("base64"), randomBytes(32).toString("base64")];
    const id = randomUUID();
    await database.db
      .insertInto("storage_providers")
      .values({
        id,
        provider_name: "s3",
        endpoint_url: "https://s3.eu-west-1.amazonaws.com",
        region: "eu-west-1",
        bucket_name: "audio",
        access_key_id: "AK",
        secret_access_key_encrypted: sealSecret("secret", id, parseEnvelopeKey(oldKey)),
      })
      .execute();
    const directory = await mkdtemp(join(tmpdir(), "at-cli-"));
    try {
      const file = join(directory, "keys");
      const env = { DATABASE_URL: database.url, STORAGE_ENCRYPTION_KEY_FILE: file };
      const rewrap = async (...keys: string[]) => {
        await writeFile(file, keys.join("\n"));
        return await runCommand(["provider", "rewrap"], { env });
      };
      expect(await rewrap(newKey)).toMatchObject({
        exitCode: 2,
        stdout: expect.stringContaining("Do not take any key away yet"),
      });
      expect(await rewrap(newKey, oldKey)).toMatchObject({
        exitCode: 0,
        stdout: expect.stringContaining("are not needed any more"),
      });
      expect(await rewrap(newKey)).toMatchObject({
        exitCode: 0,
        stdout: expect.stringContaining("0 now, 1 before"),
      });
      const oldId = parseEnvelopeKey(oldKey).id;
      await sql`
        INSERT INTO database_dumps (id, storage_provider_id, object_key, state, engine, server_version, migration, key_id, size, started_at, ended_at)
        SELECT gen_random_uuid(), ${id}, 'backups/' || k.key_id, 'stored', 'postgres', '15.1', '0030', k.key_id, 1, '2026-05-01T03:37Z', now()
        FROM unnest(ARRAY[${oldId}, ${parseEnvelopeKey(newKey).id}]) k (key_id)`.execute(database.db);
      const { stdout } = await rewrap(newKey, oldKey);
      expect(stdout).toContain(`  ${oldId}: 1 backups, the newest of 2026-05-01T03:37:00.000Z`);
      expect(stdout).not.toContain("are not needed any more");
      const { providers } = await runJson<{ providers: { sealedWith: string }[] }>(["provider", "list"], {
        env,
      });
      expect(providers).toMatchObject([{ sealedWith: parseEnvelopeKey(newKey).id }]);
      expect(await rewrap("nonsense")).toMatchObject({
        exitCode: 1,
        stderr: expect.stringMatching(/^STORAGE_ENCRYPTION_KEY must be 32 bytes/),
      });
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
