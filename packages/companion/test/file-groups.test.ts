import { wavBytes } from "@audiotricks/testing/audio";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRealCompanion, type RealCompanion } from "./real-companion.ts";

const BYTES = wavBytes(5_000);

interface Sent {
  sessionId: string;
  fileId: string;
}

describe.each(["PostgreSQL", "PGlite"] as const)("files that are one thing on %s", (engine) => {
  let companion: RealCompanion;
  beforeAll(async () => {
    companion = await createRealCompanion({ engine });
  });
  afterAll(async () => {
    await companion[Symbol.asyncDispose]();
  });

  /** Begins as many, and sends their bytes: what is left is to complete them. */
  const send = async (
    count: number,
    group: object,
    {
      user = companion.users.alpha,
      workspaceId = companion.workspace as string | null,
      isSent = true,
      nameOf = (index: number) => `stem ${index}.wav`,
    } = {},
  ): Promise<Sent[]> => {
    const { call } = companion;
    const files = Array.from({ length: count }, (_, index) => ({
      clientId: String(index),
      name: nameOf(index),
      size: BYTES.length,
      group,
      ...(workspaceId === null ? {} : { workspaceId }),
    }));
    const answer = await call(user, "POST", "/v1/uploads", { files });
    const { results } = (await answer.json()) as {
      results: { session: Sent & { urls: { url: string; headers: Record<string, string> }[] } }[];
    };
    for (const { session } of isSent ? results : []) {
      for (const { url, headers } of session.urls)
        expect((await fetch(url, { method: "PUT", headers, body: BYTES })).ok).toBe(true);
    }
    return results.map(({ session }) => session);
  };
  const complete = async ({ sessionId }: Sent) =>
    (await companion.call(companion.users.alpha, "POST", `/v1/uploads/${sessionId}/complete`)).status;
  /** What another member of the workspace sees of them. */
  const seenByBeta = async (sent: readonly Sent[]) => {
    const { call, users, workspace } = companion;
    const answer = await call(users.beta, "GET", `/v1/files?limit=200&workspaceId=${workspace}`);
    const { files } = (await answer.json()) as { files: { id: string }[] };
    const ids = new Set(sent.map(({ fileId }) => fileId));
    return files.filter(({ id }) => ids.has(id)).length;
  };
  const begin = (count: number, group: object) => send(count, group, { isSent: false });
  const change = (user: string, id: string, body: object) =>
    companion.call(user, "PATCH", `/v1/groups/${id}`, { workspaceId: companion.workspace, ...body });
  const drop = (user: string, id: string, workspaceId = companion.workspace) =>
    companion.call(user, "DELETE", `/v1/groups/${id}?workspaceId=${workspaceId}`);
  const used = async () => {
    const { call, users, workspace } = companion;
    const answer = await call(users.alpha, "GET", `/v1/quota?workspaceId=${workspace}`);
    const { quotas } = (await answer.json()) as { quotas: { usedBytes: number; reservedBytes: number }[] };
    return quotas.map(({ usedBytes, reservedBytes }) => [usedBytes, reservedBytes]);
  };
  const newGroup = (size: number) => ({ id: crypto.randomUUID(), size });

  it("are seen by nobody else until the last is there, and then all at once", async () => {
    const sent = await send(3, newGroup(3));
    const seen = [];
    for (const one of sent) {
      expect(await complete(one)).toBe(200);
      seen.push(await seenByBeta(sent));
    }
    expect(seen).toEqual([0, 0, 3]);
    // Once more changes nothing.
    for (const one of sent) expect(await complete(one)).toBe(200);
    expect(await seenByBeta(sent)).toBe(3);
  });

  it("are all seen, whichever of those that end at the same moment is the last", async () => {
    for (let round = 0; round < 4; round += 1) {
      const sent = await send(8, newGroup(8));
      const half = sent.slice(4).map(({ sessionId }) => ({ sessionId }));
      const { call, users } = companion;
      await Promise.all([
        ...sent.slice(0, 4).map((one) => complete(one)),
        call(users.alpha, "POST", "/v1/uploads/complete", { uploads: half }),
      ]);
      for (const one of sent) expect(await complete(one)).toBe(200);
      expect(await seenByBeta(sent)).toBe(8);
    }
  });

  it("wait for one that was cancelled, and are their owner's to open by themselves", async () => {
    const { call, users, workspace } = companion;
    const [lost, ...others] = await send(3, newGroup(3));
    await call(users.alpha, "DELETE", `/v1/uploads/${lost?.sessionId}`);
    for (const one of others) expect(await complete(one)).toBe(200);
    expect(await seenByBeta(others)).toBe(0);
    const own = await call(users.alpha, "GET", `/v1/files?limit=200&workspaceId=${workspace}`);
    const ids = ((await own.json()) as { files: { id: string }[] }).files.map(({ id }) => id);
    for (const { fileId } of others) expect(ids).toContain(fileId);
    for (const { fileId } of others)
      expect(
        (await call(users.alpha, "PATCH", `/v1/files/${fileId}`, { accessLevel: "workspace" })).status,
      ).toBe(200);
    expect(await seenByBeta(others)).toBe(2);
  });

  it("are nobody else's to complete: the same id of somebody else, or elsewhere, is another group", async () => {
    const group = newGroup(3);
    const sent = await send(2, group);
    for (const one of sent) await complete(one);
    // Gamma is in no workspace; alpha's personal files are in another place.
    const personal = await send(1, group, { user: companion.users.alpha, workspaceId: null });
    for (const one of personal) expect(await complete(one)).toBe(200);
    const strangers = await send(1, group, { user: companion.users.gamma, workspaceId: null });
    for (const { sessionId } of strangers)
      expect(
        (await companion.call(companion.users.gamma, "POST", `/v1/uploads/${sessionId}/complete`)).status,
      ).toBe(200);
    expect(await seenByBeta(sent)).toBe(0);
  });

  it("are not waited for any more that will not come, once their owner says so", async () => {
    const { call, users } = companion;
    const group = newGroup(4);
    const sent = await send(4, group);
    const [lost, last, ...others] = sent;
    await call(users.alpha, "DELETE", `/v1/uploads/${lost?.sessionId}`);
    for (const one of others) expect(await complete(one)).toBe(200);
    expect(await (await change(users.alpha, group.id.toUpperCase(), { size: 3 })).json()).toEqual({
      id: group.id,
      size: 3,
      isOpen: false,
      stored: 2,
    });
    expect(await seenByBeta(sent)).toBe(0);
    // More than it waits for is no change, and neither is once more.
    for (const size of [4, 3]) expect((await change(users.alpha, group.id, { size })).status).toBe(200);
    if (last !== undefined) expect(await complete(last)).toBe(200);
    expect(await seenByBeta(sent)).toBe(3);
    const again = await send(1, group, { nameOf: () => "stem 0.wav" });
    for (const one of again) expect(await complete(one)).toBe(200);
    // One that comes after all is theirs at once.
    expect(await seenByBeta([...sent, ...again])).toBe(4);
  });

  it("are opened at once where those that are there are enough, and closed again by hand they stay closed", async () => {
    const { call, users } = companion;
    const group = newGroup(3);
    const sent = await send(3, group);
    const [first, second, third] = sent;
    for (const one of [first, second]) if (one !== undefined) expect(await complete(one)).toBe(200);
    expect(await (await change(users.alpha, group.id, { size: 2 })).json()).toMatchObject({ isOpen: true });
    expect(await seenByBeta(sent)).toBe(2);
    const closed = await call(users.alpha, "PATCH", `/v1/files/${first?.fileId}`, { accessLevel: "private" });
    expect(closed.status).toBe(200);
    if (third !== undefined) expect(await complete(third)).toBe(200);
    expect(await seenByBeta(sent)).toBe(2);
    const read = await call(users.alpha, "GET", `/v1/files/${third?.fileId}`);
    expect(await read.json()).toMatchObject({
      group: { id: group.id, isOpen: true },
      accessLevel: "workspace",
    });
  });

  it("say what they are called, while they are under way and when they are there", async () => {
    const { call, users } = companion;
    const group = { ...newGroup(2), name: "Halo ∙ הלו" };
    const [one, other] = await send(2, group);
    const open = await call(users.alpha, "GET", "/v1/uploads");
    expect(
      ((await open.json()) as { uploads: { sessionId: string; group?: object }[] }).uploads.find(
        ({ sessionId }) => sessionId === one?.sessionId,
      )?.group,
    ).toEqual({ ...group, isOpen: false });
    if (one !== undefined) await complete(one);
    const read = await call(users.alpha, "GET", `/v1/files/${one?.fileId}`);
    expect(await read.json()).toMatchObject({ group: { ...group, isOpen: false }, accessLevel: "private" });
    const match = await call(users.alpha, "POST", "/v1/files/match", {
      sizes: [BYTES.length],
      workspaceId: companion.workspace,
    });
    const { files } = (await match.json()) as { files: { fileId: string; group?: object }[] };
    expect(files.find(({ fileId }) => fileId === one?.fileId)?.group).toEqual({ ...group, isOpen: false });
    await drop(users.alpha, group.id);
    expect((await call(users.alpha, "GET", `/v1/files/${one?.fileId}`)).status).toBe(404);
    expect((await call(users.alpha, "GET", `/v1/uploads/${other?.sessionId}`)).status).toBe(200);
  });

  it("are all ended at once, and what they had of the quota is free; twice is as good", async () => {
    const { users } = companion;
    const before = await used();
    const group = newGroup(4);
    const sent = await send(4, group);
    for (const one of sent.slice(0, 2)) expect(await complete(one)).toBe(200);
    expect(await used()).not.toEqual(before);
    const [once, twice] = await Promise.all([drop(users.alpha, group.id), drop(users.alpha, group.id)]);
    for (const answer of [once, twice]) expect(answer.status).toBe(200);
    const last = await drop(users.alpha, group.id);
    expect(await last.json()).toEqual({ id: group.id, deleted: 0, cancelled: 0, left: 0 });
    expect(await used()).toEqual(before);
    for (const one of sent.slice(2)) expect(await complete(one)).toBe(409);
    expect(await used()).toEqual(before);
  });

  it("are each in the audit log when they are ended together", async () => {
    const { users, db } = companion;
    const group = newGroup(2);
    const [stored, open] = await send(2, group);
    if (stored !== undefined) await complete(stored);
    expect(await (await drop(users.alpha, group.id)).json()).toMatchObject({ deleted: 1, cancelled: 1 });
    const written = await db
      .selectFrom("storage_audit")
      .select(["user_id", "resource_id", "outcome"])
      .where("action", "=", "dropGroup")
      .where("resource_id", "in", [group.id, stored?.fileId ?? "", open?.sessionId ?? ""])
      .execute();
    expect(written).toHaveLength(3);
    const ids = new Set([group.id, stored?.fileId, open?.sessionId]);
    expect(new Set(written.map((row) => row.resource_id))).toEqual(ids);
    for (const row of written) expect(row).toMatchObject({ user_id: users.alpha, outcome: "done" });
  });

  it("are nobody else's to open or to end", async () => {
    const { users } = companion;
    const group = newGroup(3);
    const sent = await send(2, group);
    for (const one of sent) expect(await complete(one)).toBe(200);
    for (const stranger of [users.beta, users.gamma]) {
      const answer = await change(stranger, group.id, { size: 1 });
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({ error: { code: "file_not_found" } });
      expect(await (await drop(stranger, group.id)).json()).toMatchObject({ deleted: 0, cancelled: 0 });
    }
    // The same id in another place of its owner's is another group.
    expect((await change(users.alpha, group.id, { size: 1, workspaceId: undefined })).status).toBe(404);
    expect(await seenByBeta(sent)).toBe(0);
    expect((await change(users.alpha, group.id, { size: 2 })).status).toBe(200);
    expect(await seenByBeta(sent)).toBe(2);
  });

  it("are opened once, whoever lowers the number while the last of them ends", async () => {
    const { users } = companion;
    for (let round = 0; round < 3; round += 1) {
      const group = newGroup(5);
      const sent = await send(4, group);
      const answers = await Promise.all([
        ...sent.map((one) => complete(one)),
        change(users.alpha, group.id, { size: 4 }).then(({ status }) => status),
        change(users.alpha, group.id, { size: 4 }).then(({ status }) => status),
      ]);
      for (const status of answers.slice(-2)) expect(status).toBe(200);
      for (const one of sent) expect(await complete(one)).toBe(200);
      expect(await seenByBeta(sent)).toBe(4);
    }
  });

  it("are not there twice for one that is missing: the same name does not count again", async () => {
    const group = newGroup(3);
    const sent = await send(4, group, { nameOf: (index) => `stem ${index % 2}.wav` });
    for (const one of sent) expect(await complete(one)).toBe(200);
    expect(await seenByBeta(sent)).toBe(0);
    const [last] = await send(1, group, { nameOf: () => "stem 2.wav" });
    if (last !== undefined) expect(await complete(last)).toBe(200);
    expect(await seenByBeta([...sent, ...(last === undefined ? [] : [last])])).toBe(5);
  });

  it("can be stored and ended where somebody puts more of them into one group than it can have", async () => {
    const { users, db } = companion;
    const group = newGroup(200);
    const begun = await Promise.all([begin(100, group), begin(100, group), begin(100, group)]);
    const ids = begun.flat().map(({ fileId }) => fileId);
    // Of one name they are never complete.
    await sql`UPDATE file_storage SET original_filename = 'same.wav' WHERE id = ANY (${ids}::uuid[])`.execute(
      db,
    );
    const sent = await send(1, group, { nameOf: () => "same.wav" });
    for (const one of sent) expect(await complete(one)).toBe(200);
    expect(await seenByBeta(sent)).toBe(0);
    const answer = await drop(users.alpha, group.id);
    expect(await answer.json()).toMatchObject({ cancelled: 300, deleted: 1, left: 0 });
  });

  it("are one thing in their owner's own place, too, where nobody else looks", async () => {
    const { call, users } = companion;
    const group = newGroup(2);
    const sent = await send(2, group, { workspaceId: null });
    const marks = async () => {
      const answer = await call(users.alpha, "GET", "/v1/files?limit=200");
      const { files } = (await answer.json()) as {
        files: { accessLevel: string; group?: { id: string; isOpen: boolean } }[];
      };
      return files.flatMap(({ group: of, accessLevel }) =>
        of?.id === group.id ? [`${accessLevel} ${of.isOpen}`] : [],
      );
    };
    for (const one of sent.slice(1)) await complete(one);
    expect(await marks()).toEqual(["private false"]);
    for (const one of sent) await complete(one);
    expect(await marks()).toEqual(["private true", "private true"]);
  });

  it("are refused where a group makes no sense", async () => {
    const { call, users } = companion;
    const file = { clientId: "1", name: "a.wav", size: 5 };
    for (const group of [
      {},
      { id: "x", size: 2 },
      newGroup(1),
      newGroup(201),
      { ...newGroup(2), more: 1 },
      { ...newGroup(2), name: "" },
    ])
      expect((await call(users.alpha, "POST", "/v1/uploads", { files: [{ ...file, group }] })).status).toBe(
        400,
      );
  });

  // The embedded database has one session, which nobody can end from another.
  if (engine === "PostgreSQL")
    it("are all seen or none, whenever the database goes away in between", async () => {
      const { db } = companion;
      const sent = await send(3, newGroup(3));
      const [, middle, last] = sent;
      // The connection is gone after some of them were opened, in the transaction that opens them.
      await sql`
      CREATE FUNCTION go_away() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); RETURN NEW; END $$`.execute(
        db,
      );
      await sql`
      CREATE TRIGGER go_away AFTER UPDATE OF access_level ON file_storage FOR EACH ROW
      WHEN (NEW.access_level = 'workspace' AND NEW.id = '${sql.raw(middle?.fileId ?? "")}') EXECUTE FUNCTION go_away()`.execute(
        db,
      );
      for (const one of sent.slice(0, -1)) expect(await complete(one)).toBe(200);
      if (last === undefined) throw new Error("three were sent");
      expect(await complete(last)).not.toBe(200);
      expect(await seenByBeta(sent)).toBe(0);
      await sql`DROP TRIGGER go_away ON file_storage`.execute(db);
      await expect.poll(() => complete(last), { timeout: 60_000, interval: 500 }).toBe(200);
      expect(await seenByBeta(sent)).toBe(3);
    });
});
