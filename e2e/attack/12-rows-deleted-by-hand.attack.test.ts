import { wavBytes } from "@audiotricks/testing/audio";
import { describe, expect, it } from "vitest";
import { ask } from "./target/ask.ts";
import { failureOf, newUser, query } from "./target/database.ts";
import { operatorCommand } from "./target/operator-command.ts";
import { bucket, stateOf } from "./target/state.ts";
import { beginOne, NOTHING, store, usageOf } from "./target/upload.ts";

describe("a row deleted by hand, which would orphan its object", () => {
  it("is refused by the database, to its owner too, while the store may hold bytes of it", async () => {
    const who = await newUser();
    const { file, session } = await store(who, wavBytes(3000), { name: "a.wav" });
    const open = await beginOne(who, { name: "b.wav", size: 20 * 1024 ** 2 });
    const before = await stateOf([who]);
    for (const [statement, ids, code] of [
      ["DELETE FROM file_storage WHERE id = $1", [file.id], "AT010"],
      ["DELETE FROM file_storage WHERE id = $1", [open.fileId], "AT010"],
      ["DELETE FROM multipart_uploads WHERE id = $1", [open.sessionId], "AT010"],
      [
        "DELETE FROM storage_providers WHERE id IN (SELECT storage_provider_id FROM file_storage WHERE id = $1)",
        [file.id],
        "23503",
      ],
      ["TRUNCATE file_storage CASCADE", [], "AT016"],
      ["TRUNCATE multipart_uploads CASCADE", [], "AT016"],
      // And by what would make the same of it.
      ["UPDATE file_storage SET status = 'deleted', deleted_at = now() WHERE id = $1", [file.id], "AT009"],
      ["UPDATE file_storage SET status = 'uploading' WHERE id = $1", [file.id], "AT009"],
      [
        "UPDATE multipart_uploads SET status = 'active', completed_at = NULL WHERE id = $1",
        [session.sessionId],
        "AT009",
      ],
    ] as const)
      expect({ statement, code: await failureOf(statement, [...ids]) }).toEqual({ statement, code });
    expect(await stateOf([who])).toEqual(before);
    expect(await bucket.keys()).toContain(file.key);
    expect((await bucket.openUploads()).some(({ key }) => key === open.key)).toBe(true);
  });

  it("is no way to forget what somebody did: the audit log is only added to", async () => {
    for (const statement of [
      "DELETE FROM storage_audit",
      "UPDATE storage_audit SET outcome = 'done'",
      "TRUNCATE storage_audit",
    ])
      expect({ statement, code: await failureOf(statement) }).toEqual({ statement, code: "AT015" });
  });

  it("takes its object along where it is a user's: nothing is left at the store, and nobody pays for it", async () => {
    const who = await newUser();
    const { file } = await store(who, wavBytes(3000), { name: "a.wav" });
    const open = await beginOne(who, { name: "b.wav", size: 20 * 1024 ** 2 });
    expect((await usageOf(who)).usedFiles).toBe(1);
    expect(await failureOf("DELETE FROM users WHERE id = $1", [who])).toBeUndefined();
    // A minute later: a delete is left alone for half of one, in case that its caller is at it.
    await query(`
      BEGIN; SET LOCAL session_replication_role = replica;
      UPDATE file_storage SET updated_at = updated_at - interval '1 minute' WHERE id = '${file.id}';
      COMMIT`);
    expect((await operatorCommand(["sweep"])).exitCode).toBe(0);
    await expect.poll(() => bucket.keys(), { timeout: 60_000 }).not.toContain(file.key);
    await expect
      .poll(async () => (await bucket.openUploads()).some(({ key }) => key === open.key), { timeout: 60_000 })
      .toBe(false);
    const counted = await query<object>(
      "SELECT used_bytes, reserved_bytes FROM storage_counters WHERE scope_id = $1 AND (used_bytes > 0 OR reserved_bytes > 0)",
      [who],
    );
    expect(counted).toEqual([]);
    const answer = await ask(who, "GET", "/v1/quota");
    if (answer.status === 200) expect(await usageOf(who)).toEqual(NOTHING);
    else expect(answer.status).toBe(403);
  });
});
