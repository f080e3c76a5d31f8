import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { target } from "./target/about.ts";
import { ask } from "./target/ask.ts";
import { failureOf, newUser, query } from "./target/database.ts";
import { addProvider, INTERNAL, operatorCommand } from "./target/operator-command.ts";
import { beginOne } from "./target/upload.ts";

/** Servers look at all buckets now and then, and keep what they read of a row for so long. */
const REREAD_AFTER_MS = 15_000;

// Also: each byte of an envelope in [secret-envelope.test.ts](packages/storage/src/providers/secret-envelope.test.ts).
describe("a sealed secret that was moved to another row, truncated or changed", () => {
  let who: string;
  let sessionId: string;
  let fileId: string;
  let [first, second] = ["", ""];
  let [mine, theirs] = ["", ""];
  let original: { storage_provider_id: string };
  const envelopeOf = async (id: string) => {
    const [row] = await query<{ sealed: string }>(
      "SELECT secret_access_key_encrypted AS sealed FROM storage_providers WHERE id = $1",
      [id],
    );
    return row?.sealed ?? "";
  };
  const put = (sealed: string) =>
    failureOf("UPDATE storage_providers SET secret_access_key_encrypted = $2 WHERE id = $1", [first, sealed]);
  beforeAll(async () => {
    who = await newUser();
    [first, second] = await Promise.all([addProvider(), addProvider()]);
    ({ sessionId, fileId } = await beginOne(who, { name: "a.wav", size: 20 * 1024 ** 2 }));
    const [row] = await query<typeof original>("SELECT storage_provider_id FROM file_storage WHERE id = $1", [
      fileId,
    ]);
    if (row === undefined) throw new Error("no file");
    original = row;
    [mine, theirs] = [await envelopeOf(first), await envelopeOf(second)];
    // Until nobody knows the good one: by it the store would say that it has no such upload, which ends the session.
    await put(theirs);
    await setTimeout(REREAD_AFTER_MS + 500);
    await query("UPDATE file_storage SET storage_provider_id = $2 WHERE id = $1", [fileId, first]);
  });
  afterAll(async () => {
    await query("UPDATE file_storage SET storage_provider_id = $2 WHERE id = $1", [
      fileId,
      original.storage_provider_id,
    ]);
    await query("UPDATE storage_providers SET is_active = false WHERE id = ANY ($1)", [[first, second]]);
  });
  it("does not open, whichever part of it it is, and nothing is signed with what comes out", async () => {
    const [, , key = "", wrapped = "", sealed = ""] = mine.split(":");
    const [, , , wrappedTheirs = "", sealedTheirs = ""] = theirs.split(":");
    const made = (w: string, s: string, k = key) => `enc:v2:${k}:${w}:${s}`;
    const cut = (text: string, bytes: number) =>
      Buffer.from(text, "base64").subarray(0, -bytes).toString("base64");
    const flip = (text: string, at: number) => {
      const bytes = Buffer.from(text, "base64");
      bytes[at < 0 ? bytes.length + at : at] = (bytes.at(at) ?? 0) ^ 1;
      return bytes.toString("base64");
    };
    const attempts = {
      "another row's": theirs,
      "its data key with another row's secret": made(wrapped, sealedTheirs),
      "another row's data key": made(wrappedTheirs, sealed),
      "a tag of four bytes": made(wrapped, cut(sealed, 12)),
      "a tag of fifteen bytes": made(wrapped, cut(sealed, 1)),
      "no tag": made(wrapped, cut(sealed, 16)),
      "a bit of the nonce": made(wrapped, flip(sealed, 0)),
      "a bit of the secret": made(wrapped, flip(sealed, 14)),
      "a bit of the tag": made(wrapped, flip(sealed, -1)),
      "a bit of the data key": made(flip(wrapped, 20), sealed),
      "another key's name": made(wrapped, sealed, "00000000"),
      "an older form": `enc:v1:${key}:${sealed}`,
    };
    for (const [what, envelope] of Object.entries(attempts)) {
      expect(await put(envelope), what).toBeUndefined();
      const answer = await ask(who, "GET", `/v1/uploads/${sessionId}`, { at: target.strictUrl });
      expect({ what, status: answer.status, code: answer.code }).toEqual({
        what,
        status: 503,
        code: "no_provider",
      });
    }
    // Neither does another key take it over, which would make a good one of it.
    const rewrapped = await operatorCommand(["provider", "rewrap"], { env: INTERNAL });
    expect(rewrapped.exitCode).not.toBe(0);
    expect(await envelopeOf(first)).toBe(attempts["an older form"]);
    for (const plain of [target.store.accessKeyId, "", "enc:", "enc:v2:::", "enc:v3:x:y:z"])
      expect(await put(plain)).toBe("AT014");

    expect(await put(mine)).toBeUndefined();
    expect((await ask(who, "GET", `/v1/uploads/${sessionId}`, { at: target.strictUrl })).status).toBe(200);
  });
});
