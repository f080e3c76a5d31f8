import { createHash } from "node:crypto";
import { wavBytes } from "@audiotricks/testing/audio";
import { describe, expect, it } from "vitest";
import { ask, follow, tryToPut } from "./target/ask.ts";
import { newUser } from "./target/database.ts";
import { bucket } from "./target/state.ts";
import { beginOne, complete, downloadUrl, NOTHING, sendParts, usageOf } from "./target/upload.ts";

const MIB = 1024 ** 2;
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

// Also: the same on Ceph in [uploads-on-ceph.test.ts](packages/storage/test/uploads-on-ceph.test.ts).
describe("a URL replayed after completion", () => {
  it.each(["put", "multipart"] as const)(
    "does not change what was acknowledged as stored (%s)",
    async (method) => {
      const who = await newUser();
      const [bytes, others] = [wavBytes(6 * MIB, 1), wavBytes(6 * MIB, 2)];
      const session = await beginOne(who, { name: "a.wav", size: bytes.length, method });
      await sendParts(session, bytes);
      const first = await complete(who, session.sessionId);
      expect(first.status).toBe(200);
      const url = await downloadUrl(who, session.fileId);

      for (const part of session.urls) {
        const body = others.subarray(0, part.size);
        // Into a place where nobody looks any more, or nowhere.
        const expected = method === "put" ? [200] : [404, "cut off"];
        for (const status of await Promise.all(
          Array.from({ length: 4 }, () => tryToPut(part.url, { headers: part.headers, body })),
        ))
          expect(expected).toContain(status);
        for (const other of ["GET", "HEAD", "DELETE", "POST"])
          expect((await follow(part.url, other)).status).toBeGreaterThanOrEqual(400);
      }
      const again = await complete(who, session.sessionId);
      expect(again.json()).toMatchObject({
        state: "completed",
        file: { id: session.fileId, size: bytes.length },
      });
      expect(await bucket.sha256(session.key)).toBe(sha256(bytes));
      expect(sha256((await follow(url)).body)).toBe(sha256(bytes));
      expect(await usageOf(who)).toEqual({ ...NOTHING, usedBytes: bytes.length, usedFiles: 1 });
    },
  );

  it("does not change it either while it is being completed: what is read then is read ever after", async () => {
    const who = await newUser();
    for (let round = 0; round < 6; round++) {
      const [bytes, others] = [wavBytes(50_000, 1), wavBytes(50_000, 2)];
      const session = await beginOne(who, { name: "a.wav", size: bytes.length, method: "put" });
      await sendParts(session, bytes);
      const [part] = session.urls;
      const replay = (body: Uint8Array) => tryToPut(part?.url ?? "", { headers: part?.headers ?? {}, body });
      const [first, second] = await Promise.all([
        complete(who, session.sessionId),
        complete(who, session.sessionId),
        ...[others, bytes, others].map(replay),
      ]);
      // One that came in between is acknowledged, or none is.
      const acknowledged = [first, second].filter(({ status }) => status === 200);
      if (acknowledged.length === 0) continue;
      const read = sha256((await follow(await downloadUrl(who, session.fileId))).body);
      expect([sha256(bytes), sha256(others)]).toContain(read);
      await Promise.all([replay(others), replay(bytes), complete(who, session.sessionId)]);
      expect(await bucket.sha256(session.key)).toBe(read);
      expect(sha256((await follow(await downloadUrl(who, session.fileId))).body)).toBe(read);
    }
    expect((await usageOf(who)).usedFiles).toBeGreaterThan(0);
  });

  it("brings nothing back that was cancelled or deleted", async () => {
    const who = await newUser();
    const bytes = wavBytes(2000);
    const cancelled = await beginOne(who, { name: "a.wav", size: bytes.length, method: "put" });
    await sendParts(cancelled, bytes);
    expect((await ask(who, "DELETE", `/v1/uploads/${cancelled.sessionId}`)).status).toBe(200);
    await sendParts(cancelled, bytes);
    expect((await complete(who, cancelled.sessionId)).status).toBe(409);

    const deleted = await beginOne(who, { name: "b.wav", size: bytes.length, method: "put" });
    await sendParts(deleted, bytes);
    expect((await complete(who, deleted.sessionId)).status).toBe(200);
    const url = await downloadUrl(who, deleted.fileId);
    expect((await ask(who, "DELETE", `/v1/files/${deleted.fileId}`)).status).toBe(200);
    await expect.poll(async () => (await follow(url)).status, { timeout: 30_000 }).toBe(404);
    await sendParts(deleted, bytes);
    expect((await follow(url)).status).toBe(404);
    for (const { key, fileId } of [cancelled, deleted]) {
      expect(await bucket.keys()).not.toContain(key);
      expect(
        (await ask(who, "POST", `/v1/files/${fileId}/download`, { json: {} })).status,
      ).toBeGreaterThanOrEqual(404);
    }
    expect(await usageOf(who)).toEqual(NOTHING);
  });

  it("says nothing else when a letter of it is changed", async () => {
    const who = await newUser();
    const bytes = wavBytes(2000);
    const session = await beginOne(who, { name: "a.wav", size: bytes.length, method: "put" });
    await sendParts(session, bytes);
    await complete(who, session.sessionId);
    const url = new URL(await downloadUrl(who, session.fileId));
    const change = (name: string, value: string) => {
      const changed = new URL(url);
      changed.searchParams.set(name, value);
      return changed.href;
    };
    const signature = url.searchParams.get("X-Amz-Signature") ?? "";
    for (const changed of [
      change("X-Amz-Expires", "604800"),
      change("X-Amz-Date", "20991231T000000Z"),
      change("X-Amz-SignedHeaders", "host;x"),
      change("X-Amz-Credential", "other/20261129/us-east-1/s3/aws4_request"),
      change("X-Amz-Signature", "0".repeat(64)),
      change("X-Amz-Signature", ""),
      change("X-Amz-Signature", signature.toUpperCase()),
      change("response-content-type", "text/html"),
      change("response-content-disposition", "inline"),
      change("versionId", "1"),
      `${url.origin}${url.pathname}`,
    ])
      expect((await follow(changed)).status, changed.replace(/X-Amz.*/, "")).toBe(403);
    expect((await follow(url.href)).status).toBe(200);
  });
});
