import { createHash, randomUUID } from "node:crypto";
import { wavBytes } from "@audiotricks/testing/audio";
import { beforeAll, describe, expect, it } from "vitest";
import { ask, follow } from "./target/ask.ts";
import { newUser, query } from "./target/database.ts";
import { hostileNames, isWellFormedName } from "./target/hostile-names.ts";
import { inLanes } from "./target/in-lanes.ts";
import { watchMemory } from "./target/resident-memory.ts";
import { SCALE, say } from "./target/scale.ts";
import { bucket } from "./target/state.ts";
import { begin, downloadUrl, NOTHING, type Session, sendParts, usageOf } from "./target/upload.ts";

const BATCH = 50;
const LANES = 6;
/** Mean of everything that is done with one name: created, sent, completed, downloaded. */
const MEAN_MS = 500;
const LONGEST_MS = 5_000;
/** A server that was just started, with the local store inside, takes some 150 MiB more once it works. */
const MEMORY = 256 * 1024 ** 2;
const FINAL_KEY =
  /^(audio\/uploads|documents)\/\d{4}\/(0[1-9]|1[0-2])\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[a-z0-9]{1,10}$/;
const BYTES = wavBytes(60);
const SHA256 = createHash("sha256").update(BYTES).digest("hex");

describe("key traversal and injection by file name", () => {
  let who: string;
  let before: string[];
  beforeAll(async () => {
    who = await newUser();
    before = await bucket.keys();
  });

  it("of thousands of hostile names leads to a key of ours or to a refusal, and never to a page, a fault or a slow answer", async () => {
    using memory = watchMemory();
    const names = hostileNames(SCALE.hostileNames);
    const start = performance.now();
    let longestMs = 0;
    let stored = 0;
    const timed = async <T>(work: Promise<T>): Promise<T> => {
      const began = performance.now();
      const result = await work;
      longestMs = Math.max(longestMs, performance.now() - began);
      return result;
    };

    const malformed = names.filter((name) => !isWellFormedName(name));
    await inLanes(LANES, malformed, async (name) => {
      const files = [{ clientId: "1", name, size: BYTES.length }];
      const answer = await timed(ask(who, "POST", "/v1/uploads", { json: { files } }));
      expect(answer.code, JSON.stringify(name)).toBe("invalid_request");
    });
    const wellFormed = names.filter(isWellFormedName);
    expect(wellFormed.length).toBeGreaterThan(SCALE.hostileNames / 2);
    const batches = Array.from({ length: Math.ceil(wellFormed.length / BATCH) }, (_, index) =>
      wellFormed.slice(index * BATCH, (index + 1) * BATCH),
    );
    for (const batch of batches) {
      const files = batch.map((name) => ({ name, size: BYTES.length, method: "put" as const }));
      const results = await timed(begin(who, files));
      const sessions: { name: string; session: Session }[] = [];
      for (const [index, { session, error }] of results.entries()) {
        const name = batch[index] ?? "";
        if (error !== undefined) expect(error.code, JSON.stringify(name)).toBe("type_not_allowed");
        else {
          expect(session.key, JSON.stringify(name)).toMatch(FINAL_KEY);
          sessions.push({ name, session });
        }
      }
      if (sessions.length === 0) continue;
      await inLanes(LANES, sessions, ({ session }) => timed(sendParts(session, BYTES)));
      const uploads = sessions.map(({ session }) => ({ sessionId: session.sessionId }));
      const completed = await timed(ask(who, "POST", "/v1/uploads/complete", { json: { uploads } }));
      for (const result of completed.json<{ results: { state?: string }[] }>().results)
        expect(result).toMatchObject({ state: "completed" });
      await inLanes(LANES, sessions, async ({ name, session }) => {
        const answer = await timed(downloadUrl(who, session.fileId).then((url) => follow(url)));
        expect(answer.status, JSON.stringify(name)).toBe(200);
        expect(createHash("sha256").update(answer.body).digest("hex")).toBe(SHA256);
        expect(answer.headers["content-type"]).toBe("audio/wav");
        expect(answer.headers["content-disposition"], JSON.stringify(name)).toMatch(
          /^attachment(; filename="[ !#$&-.0-:<-[\]-~]*")?(; filename\*=UTF-8''[\w!#$&+.^`|~%'()*-]*)?$/,
        );
      });
      stored += sessions.length;
    }
    expect(stored).toBeGreaterThan(SCALE.hostileNames / 10);
    const [meanMs, growth] = [(performance.now() - start) / names.length, await memory.growth()];
    say(
      `${names.length} names, ${stored} stored: ${meanMs.toFixed(1)} ms each, longest request ${longestMs.toFixed()} ms, ${(growth / 1024 ** 2).toFixed()} MiB more`,
    );
    expect(longestMs).toBeLessThan(LONGEST_MS);
    expect(meanMs).toBeLessThan(MEAN_MS);
    expect(growth).toBeLessThan(MEMORY);

    const rows = await query<{ storage_path: string; original_filename: string }>(
      "SELECT storage_path, original_filename FROM file_storage WHERE former_user_id = $1 AND status = 'stored'",
      [who],
    );
    expect(rows).toHaveLength(stored);
    for (const { storage_path } of rows) expect(storage_path).toMatch(FINAL_KEY);
    const known = new Set([...before, ...rows.map(({ storage_path }) => storage_path)]);
    const unknown = (await bucket.keys()).filter(
      (key) => !known.has(key) && !key.startsWith("temp/uploads/"),
    );
    expect(unknown).toEqual([]);
    expect(await usageOf(who)).toEqual({ ...NOTHING, usedBytes: stored * BYTES.length, usedFiles: stored });
  });

  it("is no more to be had by the other ways in which a name comes in", async () => {
    const user = await newUser();
    const [victim] = await query<{ storage_path: string }>(
      "SELECT storage_path FROM file_storage WHERE former_user_id = $1 LIMIT 1",
      [who],
    );
    const [session] = await begin(user, [{ name: "a.wav", size: BYTES.length, method: "put" }]);
    if (session?.session === undefined) throw new Error("not begun");
    await sendParts(session.session, BYTES);
    const { sessionId, fileId, key } = session.session;
    await ask(user, "POST", `/v1/uploads/${sessionId}/complete`, { json: {} });
    for (const name of hostileNames(60)) {
      const renamed = await ask(user, "PATCH", `/v1/files/${fileId}`, { json: { name } });
      expect([200, 400, 422], JSON.stringify(name)).toContain(renamed.status);
      const form = new URLSearchParams({ filename: name.toWellFormed() });
      const uppy = [
        await ask(user, "GET", `/s3/params?${form}`),
        await ask(user, "POST", "/s3/multipart", {
          json: { filename: name, type: "", metadata: { size: 60 } },
        }),
      ];
      for (const answer of uppy) {
        expect([200, 400, 422], JSON.stringify(name)).toContain(answer.status);
        if (answer.status !== 200) continue;
        const told = answer.json<{ key?: string; uploadId?: string; fields?: { key: string } }>();
        if (told.fields !== undefined) expect(told.fields.key).toMatch(/^temp\/uploads\/[0-9a-f-]{36}$/);
        if (told.key === undefined) continue;
        expect(told.key).toMatch(FINAL_KEY);
        await ask(user, "DELETE", `/s3/multipart/${told.uploadId}?${new URLSearchParams({ key: told.key })}`);
      }
    }
    const answer = await follow(await downloadUrl(user, fileId));
    expect(answer.headers["content-disposition"]).toMatch(/^attachment/);
    expect(answer.headers["content-type"]).toBe("audio/wav");
    const [row] = await query<{ storage_path: string }>(
      "SELECT storage_path FROM file_storage WHERE id = $1",
      [fileId],
    );
    expect(row?.storage_path).toBe(key);
    // What a name is not for: a key, an id, an extension of the caller's own.
    for (const more of [
      { key: victim?.storage_path },
      { fileId: randomUUID() },
      { extension: "html" },
      { path: "../" },
    ]) {
      const files = [{ clientId: "1", name: "a.wav", size: 60, ...more }];
      expect((await ask(user, "POST", "/v1/uploads", { json: { files } })).code).toBe("invalid_request");
    }
  });
});
