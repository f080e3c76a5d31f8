import { randomUUID } from "node:crypto";
import type { Database } from "@audiotricks/storage";
import { createTestDatabase } from "@audiotricks/testing/database";
import { seedProvider, seedUser } from "@audiotricks/testing/seed";
import { sql } from "kysely";
import { expect, it } from "vitest";
import { runCommand, runJson } from "./run-command.ts";

async function openSite() {
  const database = await createTestDatabase<Database>();
  const { db } = database;
  const providerId = await seedProvider(db);
  const userId = await seedUser(db);
  const env = { DATABASE_URL: database.url };
  /** A file as the scanner left it. */
  const add = async (status: string, scan: string, verdict: string | null = null) => {
    const id = randomUUID();
    await sql`
      INSERT INTO file_storage (id, original_filename, stored_filename, storage_provider_id, storage_path, storage_url,
        file_size, content_type, user_id, status)
      VALUES (${id}, 'take.wav', ${id}, ${providerId}, ${`audio/uploads/2026/11/${id}.wav`}, '/', 1000, 'audio_file', ${userId}, 'stored')`.execute(
      db,
    );
    await sql`UPDATE file_storage SET status = ${status}, scan_state = ${scan}, scan_verdict = ${verdict} WHERE id = ${id}`.execute(
      db,
    );
    return id;
  };
  const stateOf = async (id: string) => {
    const row = await db
      .selectFrom("file_storage")
      .select(["status", "scan_state"])
      .where("id", "=", id)
      .executeTakeFirstOrThrow();
    return `${row.status} ${row.scan_state}`;
  };
  const act = (...words: string[]) => runCommand(["quarantine", ...words, "--json"], { env });
  const codeOf = async (...words: string[]) => JSON.parse((await act(...words)).stderr).error.code as string;
  return { db, env, add, stateOf, act, codeOf, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() };
}

it("lists what nobody gets, lets it go or deletes it, each once, and writes down that it did", async () => {
  await using site = await openSite();
  const { db, env, add, stateOf, act, codeOf } = site;
  expect((await runCommand(["quarantine", "list"], { env })).stdout).toBe("There is none.\n");
  await add("stored", "clean");
  const held = await add("stored", "held");
  const infected = await add("quarantined", "infected", "Win.Test.EICAR_HDB-1");
  const listed = await runJson<{ files: { fileId: string; verdict: string | null }[] }>(
    ["quarantine", "list"],
    {
      env,
    },
  );
  expect(listed.files.map(({ fileId, verdict }) => [fileId, verdict])).toEqual([
    [infected, "Win.Test.EICAR_HDB-1"],
    [held, null],
  ]);
  expect((await runCommand(["quarantine", "list", "--limit", "1"], { env })).stdout).toContain("EICAR_HDB-1");

  expect(await act("release", infected)).toMatchObject({ exitCode: 0 });
  expect(await stateOf(infected)).toBe("stored released");
  expect(await codeOf("release", infected)).toBe("file_not_held");
  expect(await codeOf("delete", infected)).toBe("file_not_held");
  expect(await act("release", held)).toMatchObject({ exitCode: 0 });

  const bad = await add("quarantined", "infected", "Other");
  const both = await Promise.all([act("delete", bad), act("release", bad)]);
  expect(both.filter(({ exitCode }) => exitCode === 0)).toHaveLength(1);
  const again = await add("quarantined", "too_large");
  expect(await act("delete", again)).toMatchObject({ exitCode: 0 });
  expect(await stateOf(again)).toBe("deleting too_large");
  expect(await codeOf("delete", randomUUID())).toBe("file_not_found");
  expect(await codeOf("release", "not-an-id")).toBe("usage");
  expect(await codeOf("release")).toBe("usage");

  const audited = await db
    .selectFrom("audit_logs")
    .select(["action", "details"])
    .where("resource_id", "in", [infected, again])
    .orderBy("created_at")
    .execute();
  expect(audited).toMatchObject([
    { action: "file_released", details: { by: "operator", verdict: "Win.Test.EICAR_HDB-1" } },
    { action: "file_deleted", details: { by: "operator" } },
  ]);
  const operators = await db
    .selectFrom("storage_audit")
    .select(["action", "resource", "outcome", "actor"])
    .where("resource_id", "in", [infected, again])
    .orderBy("at")
    .execute();
  const about = { resource: "file", actor: expect.stringMatching(/^cli:/) as unknown };
  expect(operators).toEqual([
    { ...about, action: "releaseFile", outcome: "done" },
    { ...about, action: "releaseFile", outcome: "file_not_held" },
    { ...about, action: "deleteHeldFile", outcome: "file_not_held" },
    { ...about, action: "deleteHeldFile", outcome: "done" },
  ]);
});
