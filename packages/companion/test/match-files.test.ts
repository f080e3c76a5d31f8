import { createHash } from "node:crypto";
import { type FileMatch, MAX_MATCH_SIZES } from "@audiotricks/protocol/messages";
import { wavBytes } from "@audiotricks/testing/audio";
import { seedUser } from "@audiotricks/testing/seed";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRealCompanion, type RealCompanion, uploadThrough } from "./real-companion.ts";

const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");

describe.each(["PostgreSQL", "PGlite"] as const)("files of a size on %s", (engine) => {
  let companion: RealCompanion;
  beforeAll(async () => {
    companion = await createRealCompanion({ engine });
  });
  afterAll(async () => {
    expect(companion.unexpected).toEqual([]);
    await companion[Symbol.asyncDispose]();
  });

  const match = async (user: string, request: object) => {
    const answer = await companion.call(user, "POST", "/v1/files/match", request);
    return { status: answer.status, files: ((await answer.json()) as { files: FileMatch[] }).files };
  };

  it("are told with what their bytes are known by, however they were sent", async () => {
    const { alpha } = companion.users;
    const [small, large] = [wavBytes(5_000), wavBytes(11 * 1024 * 1024)];
    const put = await uploadThrough(companion, alpha, { bytes: small, name: "small.wav" });
    const parts = await uploadThrough(companion, alpha, {
      bytes: large,
      name: "large.wav",
      method: "multipart",
    });
    const { files } = await match(alpha, { sizes: [large.length, small.length, small.length, 77] });
    expect(files.map(({ fileId, name, size }) => [fileId, name, size])).toEqual([
      [parts.fileId, "large.wav", large.length],
      [put.fileId, "small.wav", small.length],
    ]);
    const [ofParts, whole] = files;
    const partSize = ofParts?.partSize ?? 0;
    const count = Math.ceil(large.length / partSize);
    const md5s = Array.from({ length: count }, (_, index) =>
      md5(large.subarray(index * partSize, (index + 1) * partSize)),
    );
    expect(ofParts?.firstPartMd5).toBe(md5s[0]);
    const together = createHash("md5");
    for (const each of md5s) together.update(each, "hex");
    expect(ofParts?.etag).toBe(`${together.digest("hex")}-${count}`);
    expect([md5(small), `${createHash("md5").update(md5(small), "hex").digest("hex")}-1`]).toContain(
      whole?.etag,
    );
  });

  it("are the caller's own, or those of the workspace that they see, and nobody else's", async () => {
    const { db, users, workspace, call } = companion;
    const bytes = wavBytes(6_001);
    const own = await uploadThrough(companion, users.alpha, { bytes, name: "own.wav" });
    const shared = await uploadThrough(companion, users.alpha, {
      bytes,
      name: "shared.wav",
      workspaceId: workspace,
    });
    const hidden = await uploadThrough(companion, users.alpha, {
      bytes,
      name: "hidden.wav",
      workspaceId: workspace,
    });
    await call(users.alpha, "PATCH", `/v1/files/${hidden.fileId}`, { accessLevel: "private" });
    const [sizes, workspaceId] = [[bytes.length], workspace];
    const idsOf = async (user: string, request: object) =>
      new Set((await match(user, request)).files.map(({ fileId }) => fileId));
    expect(await idsOf(users.alpha, { sizes })).toEqual(new Set([own.fileId]));
    expect(await idsOf(users.alpha, { sizes, workspaceId })).toEqual(new Set([shared.fileId, hidden.fileId]));
    expect(await idsOf(users.beta, { sizes })).toEqual(new Set());
    expect(await idsOf(users.beta, { sizes, workspaceId })).toEqual(new Set([shared.fileId]));
    // Somebody who is in no workspace learns nothing of it, and no more of what there is than of what there is not.
    const stranger = await seedUser(db);
    const there = await call(stranger, "POST", "/v1/files/match", { sizes, workspaceId });
    const nowhere = await call(stranger, "POST", "/v1/files/match", {
      sizes,
      workspaceId: crypto.randomUUID(),
    });
    const plain = async (answer: Response) => (await answer.text()).replace(/"requestId":"[^"]*"/, "");
    expect([there.status, await plain(there)]).toEqual([nowhere.status, await plain(nowhere)]);
    expect(there.status).toBe(404);
    // What is held back, or gone, is nothing to be used instead.
    await sql`UPDATE file_storage SET status = 'quarantined' WHERE id = ${own.fileId}`.execute(db);
    expect(await idsOf(users.alpha, { sizes })).toEqual(new Set());
    await call(users.alpha, "DELETE", `/v1/files/${shared.fileId}`);
    expect(await idsOf(users.alpha, { sizes, workspaceId })).toEqual(new Set([hidden.fileId]));
  });

  it("are asked for by a thousand sizes at once, and by no more", async () => {
    const { alpha } = companion.users;
    const sizes = Array.from({ length: MAX_MATCH_SIZES + 1 }, (_, index) => 10_000_000 + index);
    expect(await match(alpha, { sizes: sizes.slice(1) })).toEqual({ status: 200, files: [] });
    for (const wrong of [sizes, [], [-1], [1.5], ["1"], [Number.MAX_SAFE_INTEGER + 1]]) {
      expect((await match(alpha, { sizes: wrong })).status).toBe(400);
    }
  });
});
