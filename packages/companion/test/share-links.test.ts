import { wavBytes } from "@audiotricks/testing/audio";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createRealCompanion, type RealCompanion, uploadThrough } from "./real-companion.ts";

const BYTES = wavBytes(5_000);

interface Made {
  share: { id: string; expiresAt: string; maxDownloads: number | null; downloads: number };
  url: string;
}

describe.each(["PostgreSQL", "PGlite"] as const)("share links on %s", (engine) => {
  let companion: RealCompanion;
  let file: string;
  let shares: string;
  beforeAll(async () => {
    companion = await createRealCompanion({ engine });
  });
  afterAll(async () => {
    expect(companion.unexpected).toEqual([]);
    await companion[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    const { users, workspace } = companion;
    ({ fileId: file } = await uploadThrough(companion, users.alpha, {
      bytes: BYTES,
      name: "für Dich.wav",
      workspaceId: workspace,
    }));
    shares = `/v1/files/${file}/shares`;
  });

  const make = async (request: object = {}): Promise<Made> => {
    const answer = await companion.call(companion.users.alpha, "POST", shares, request);
    expect(answer.status).toBe(200);
    return (await answer.json()) as Made;
  };
  const follow = ({ url }: Pick<Made, "url">) => companion.call(undefined, "GET", new URL(url).pathname);
  /** The answer to what there is not, whatever the reason. */
  const absence = async (answer: Response) => {
    const text = (await answer.text()).replace(/"requestId":"[^"]*"/, "");
    return { status: answer.status, location: answer.headers.get("location"), text };
  };
  const nothing = () =>
    follow({ url: "http://x/s/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }).then(absence);

  it("give the bytes to whoever has them, to save under their name, and nothing to caches", async () => {
    const made = await make();
    expect(Date.parse(made.share.expiresAt) - Date.now()).toBeGreaterThan(6.9 * 86_400_000);
    const answer = await follow(made);
    expect(answer.status).toBe(302);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
    const location = answer.headers.get("location") ?? "";
    expect(new URL(location).searchParams.get("X-Amz-Expires")).toBe("60");
    const bytes = await fetch(location);
    expect(bytes.headers.get("content-disposition")).toBe(
      "attachment; filename=\"fur Dich.wav\"; filename*=UTF-8''f%C3%BCr%20Dich.wav",
    );
    expect(Buffer.from(await bytes.arrayBuffer()).equals(BYTES)).toBe(true);
    const { rows } = await sql`SELECT to_jsonb(l) AS link FROM share_links l`.execute(companion.db);
    expect(JSON.stringify(rows)).not.toContain(made.url.split("/").at(-1));
  });

  it("are gone alike when unknown, malformed, expired, revoked, used up, ended, or without their file", async () => {
    const { call, db, users } = companion;
    const absent = await nothing();
    expect(absent).toMatchObject({ status: 404, location: null });
    expect(absent.text).toContain("share_not_found");
    for (const token of ["x", "%00", "%ff", "a".repeat(3000), "'; DROP TABLE users; --"])
      expect(await absence(await call(undefined, "GET", `/s/${token}`))).toMatchObject({
        status: token === "%ff" ? expect.any(Number) : 404,
        location: null,
      });

    const expired = await make({ expiresIn: 60 });
    await sql`
      UPDATE share_links SET created_at = created_at - interval '1 hour', expires_at = expires_at - interval '1 hour'
      WHERE id = ${expired.share.id}`.execute(db);
    const revoked = await make();
    for (const _ of [1, 2])
      expect((await call(users.alpha, "DELETE", `${shares}/${revoked.share.id}`)).status).toBe(204);
    const usedUp = await make({ maxDownloads: 1 });
    expect((await follow(usedUp)).status).toBe(302);
    for (const link of [expired, revoked, usedUp]) expect(await absence(await follow(link))).toEqual(absent);

    const ended = [await make(), await make()];
    expect((await call(users.alpha, "DELETE", shares)).status).toBe(204);
    for (const link of ended) expect(await absence(await follow(link))).toEqual(absent);
    expect(await (await call(users.alpha, "GET", shares)).json()).toEqual({ shares: [] });

    const last = await make();
    expect((await follow(last)).status).toBe(302);
    await sql`UPDATE file_storage SET status = 'quarantined' WHERE id = ${file}`.execute(db);
    expect(await absence(await follow(last))).toEqual(absent);
    await call(users.alpha, "DELETE", `/v1/files/${file}`);
    expect(await absence(await follow(last))).toEqual(absent);
  });

  it("are in the audit log when they are followed: which file, and from where, and no token", async () => {
    const { db, storage } = companion;
    const made = await make();
    const from = { incoming: { socket: { remoteAddress: "203.0.113.9" } } };
    const follows = (path: string) => companion.app.request(path, {}, from);
    expect((await follows(new URL(made.url).pathname)).status).toBe(302);
    expect((await follows(`/s/${"b".repeat(43)}`)).status).toBe(404);
    await storage.audit.flush();
    const written = await db
      .selectFrom("storage_audit")
      .selectAll()
      .where("action", "=", "openShare")
      .where("address", "=", "203.0.113.9")
      .orderBy("outcome")
      .execute();
    expect(written).toMatchObject([
      { outcome: "done", resource_id: file, user_id: null, service: null, times: 1 },
      { outcome: "share_not_found", resource_id: null, user_id: null, times: 1 },
    ]);
    expect(JSON.stringify(written)).not.toContain(made.url.split("/").at(-1));
  });

  it("are forgotten a month after they ended, and not before", async () => {
    const { db, storage } = companion;
    const [old, ended, good] = [await make(), await make(), await make()];
    for (const [{ share }, days] of [
      [old, 38],
      [ended, 36],
    ] as const)
      await sql`
        UPDATE share_links SET created_at = created_at - ${days} * interval '1 day',
          expires_at = expires_at - ${days} * interval '1 day' WHERE id = ${share.id}`.execute(db);
    await storage.upkeep.keepOperations();
    const left = await db
      .selectFrom("share_links")
      .select("id")
      .where("file_storage_id", "=", file)
      .execute();
    expect(left.map(({ id }) => id).toSorted()).toEqual([ended.share.id, good.share.id].toSorted());
  });

  it("are followed as often as was said and never more, by however many at once", async () => {
    const made = await make({ maxDownloads: 5 });
    const answers = await Promise.all(Array.from({ length: 30 }, () => follow(made)));
    expect(answers.filter(({ status }) => status === 302)).toHaveLength(5);
    expect(answers.filter(({ status }) => status === 404)).toHaveLength(25);
    const row = await companion.db
      .selectFrom("share_links")
      .select(["use_count", "last_used_at"])
      .where("id", "=", made.share.id)
      .executeTakeFirstOrThrow();
    expect(row).toEqual({ use_count: 5, last_used_at: expect.any(Date) });
  });

  it("are counted without a write for each, and each costs one statement", async () => {
    const { call, statements, users } = companion;
    const made = await make();
    await follow(made);
    const before = statements();
    for (let index = 0; index < 100; index++) expect((await follow(made)).status).toBe(302);
    expect(statements() - before).toBeLessThan(115);
    await expect
      .poll(async () => (await (await call(users.alpha, "GET", shares)).json()) as { shares: unknown[] }, {
        timeout: 20_000,
      })
      .toMatchObject({ shares: [{ id: made.share.id, downloads: 101 }] });
  });

  it("are made, seen and ended by those who may change the file, within bounds", async () => {
    const { call, users, db } = companion;
    const { share } = await make();
    await call(users.alpha, "PATCH", `/v1/files/${file}`, { accessLevel: "private" });
    for (const [user, status] of [
      [undefined, 401],
      [users.gamma, 404],
      // A member of the workspace to whom the file is not shown.
      [users.beta, 404],
    ] as const)
      for (const [method, path] of [
        ["POST", shares],
        ["GET", shares],
        ["DELETE", shares],
        ["DELETE", `${shares}/${share.id}`],
      ] as const)
        expect((await call(user, method, path, method === "POST" ? {} : undefined)).status).toBe(status);
    await call(users.alpha, "PATCH", `/v1/files/${file}`, { accessLevel: "workspace" });
    for (const [method, path] of [
      ["POST", shares],
      ["GET", shares],
      ["DELETE", shares],
      ["DELETE", `${shares}/${share.id}`],
    ] as const)
      expect((await call(users.beta, method, path, method === "POST" ? {} : undefined)).status).toBe(403);

    for (const request of [
      { expiresIn: 30 * 86_400 + 1 },
      { expiresIn: 0 },
      { expiresIn: 60.5 },
      { maxDownloads: 0 },
      { maxDownloads: 1e9 },
      { token: "mine" },
    ])
      expect((await call(users.alpha, "POST", shares, request)).status).toBe(400);
    expect((await make({ expiresIn: 30 * 86_400 })).share.maxDownloads).toBeNull();
    const other = await uploadThrough(companion, users.alpha, { bytes: BYTES });
    const wrongFile = await call(users.alpha, "DELETE", `/v1/files/${other.fileId}/shares/${share.id}`);
    expect(wrongFile.status).toBe(404);
    const listed = (await (await call(users.alpha, "GET", shares)).json()) as { shares: { id: string }[] };
    expect(listed.shares.map(({ id }) => id)).toContain(share.id);
    await sql`UPDATE file_storage SET content_type = 'backup' WHERE id = ${file}`.execute(db);
    const backup = await call(users.alpha, "POST", shares, {});
    expect(await backup.json()).toMatchObject({ error: { code: "access_not_allowed" } });
  });
});
