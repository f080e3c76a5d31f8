import { setTimeout as delay } from "node:timers/promises";
import { wavBytes } from "@audiotricks/testing/audio";
import { seedUser } from "@audiotricks/testing/seed";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type EventReader, serve } from "./event-reader.ts";
import { createRealCompanion, type RealCompanion, SERVICE_TOKEN, uploadThrough } from "./real-companion.ts";

const POLL_MS = 20;

interface FilesOf {
  files: { id: string; state: string; scan?: string }[];
}

/** When the sign-in of a user ends; by default it does not. */
const expiries = new Map<string, Date>();

describe("GET /v1/events", () => {
  let companion: RealCompanion;
  let server: Awaited<ReturnType<typeof serve>>;
  let readers: EventReader[];
  const read = async (...args: Parameters<typeof server.read>) => {
    const reader = await server.read(...args);
    readers.push(reader);
    return reader;
  };
  const inWorkspace = () => `/v1/events?workspaceId=${companion.workspace}`;
  const setLimit = (user: string, bytes: number) =>
    sql`INSERT INTO storage_quotas (user_id, max_storage_bytes) VALUES (${user}, ${bytes})
        ON CONFLICT (user_id) WHERE user_id IS NOT NULL DO UPDATE SET max_storage_bytes = excluded.max_storage_bytes`.execute(
      companion.db,
    );

  beforeAll(async () => {
    companion = await createRealCompanion({
      authenticate: async (request) => {
        const userId = /^Bearer (\S+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
        if (userId === undefined || userId === SERVICE_TOKEN) return null;
        const expiresAt = expiries.get(userId);
        return expiresAt === undefined ? { userId } : { userId, expiresAt };
      },
      eventStreams: { perUser: 8, perProcess: 60 },
      eventStreamTimes: { poll: POLL_MS, heartbeat: 200 },
    });
    server = await serve(companion.app);
  });
  afterAll(async () => {
    expect(companion.unexpected.map((error) => (error instanceof Error ? error.stack : error))).toEqual([]);
    await server[Symbol.asyncDispose]();
    await companion[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    readers = [];
  });
  afterEach(async () => {
    for (const reader of readers) reader.leave();
    // What the next test counts is its own.
    await isQuiet(companion);
  });

  it("says at once what is so, and then what another member of the workspace does; to nobody outside of it", async () => {
    const { users } = companion;
    const [alpha, gamma] = [await read(users.alpha, inWorkspace()), await read(users.gamma)];
    expect(alpha.status).toBe(200);
    expect(alpha.headers).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
    });
    await expect.poll(() => alpha.latest("workspace")).toMatchObject({ usedBytes: 0, reservedBytes: 0 });
    const now = await companion.call(users.alpha, "GET", inWorkspace().replace("/v1/events", "/v1/quota"));
    expect(alpha.quotas()).toEqual([{ version: 1, ...((await now.json()) as object) }]);

    const bytes = wavBytes(4000);
    await uploadThrough(companion, users.beta, { bytes, workspaceId: companion.workspace });
    await expect
      .poll(() => alpha.latest("workspace"))
      .toMatchObject({ usedBytes: bytes.length, usedFiles: 1 });
    expect(alpha.latest("user")).toMatchObject({ id: users.alpha, usedBytes: 0 });
    await delay(5 * POLL_MS);
    expect(gamma.quotas()).toHaveLength(1);
    expect(gamma.text()).not.toContain(companion.workspace);
    // Nothing is told twice.
    const told = alpha.quotas().map((quota) => JSON.stringify(quota));
    expect(new Set(told).size).toBe(told.length);
  });

  it("says how far files are, to whoever may list them: stored, gone on with, held back, gone", async () => {
    const { users, workspace, db } = companion;
    const soon = { timeout: 20_000 };
    const [alpha, beta] = [await read(users.alpha, inWorkspace()), await read(users.beta, inWorkspace())];
    const [own, gamma] = [await read(users.beta), await read(users.gamma)];
    const listed = async (user: string, path = `/v1/files?workspaceId=${workspace}&limit=20`) => {
      const { files } = (await (await companion.call(user, "GET", path)).json()) as FilesOf;
      return {
        version: 1,
        files: files.map(({ id, state, scan }) => ({ id, state, ...(scan && { scan }) })),
      };
    };
    // Whatever there is, what is told is what would be listed.
    const agree = async () => {
      await expect
        .poll(async () => [alpha.files(), beta.files(), own.files(), gamma.files()], soon)
        .toEqual([
          await listed(users.alpha),
          await listed(users.beta),
          await listed(users.beta, "/v1/files?limit=20"),
          await listed(users.gamma, "/v1/files?limit=20"),
        ]);
      return beta.files()?.files ?? [];
    };
    const before = await agree();
    const { fileId } = await uploadThrough(companion, users.beta, {
      bytes: wavBytes(4400),
      workspaceId: workspace,
    });
    const stateOf = (files: { id: string }[]) => files.find(({ id }) => id === fileId);
    expect(await agree()).toHaveLength(before.length + 1);
    for (const level of ["private", "workspace"]) {
      await sql`UPDATE file_storage SET access_level = ${level} WHERE id = ${fileId}`.execute(db);
      await agree();
      await expect
        .poll(() => stateOf(alpha.files()?.files ?? []) !== undefined, soon)
        .toBe(level !== "private");
    }
    for (const status of ["processing", "processed", "quarantined"]) {
      await sql`UPDATE file_storage SET status = ${status} WHERE id = ${fileId}`.execute(db);
      await expect.poll(() => stateOf(alpha.files()?.files ?? []), soon).toMatchObject({ state: status });
      await agree();
    }
    await sql`UPDATE file_storage SET scan_state = 'infected' WHERE id = ${fileId}`.execute(db);
    await expect.poll(() => stateOf(alpha.files()?.files ?? []), soon).toMatchObject({ scan: "infected" });
    expect((await companion.call(users.beta, "DELETE", `/v1/files/${fileId}`)).status).toBe(200);
    await expect.poll(() => stateOf(alpha.files()?.files ?? []), soon).toBeUndefined();
    expect(await agree()).toHaveLength(before.length);
    expect(own.text() + gamma.text()).not.toContain(fileId);

    // Nothing is told twice.
    const told = [...alpha.text().matchAll(/^event: files\ndata: (.*)/gm)].map(([, data]) => data);
    expect(told.filter((data, index) => data === told[index - 1])).toEqual([]);
  });

  it("answers whoever does not belong to a workspace as if there were none, and nobody but users", async () => {
    const { users } = companion;
    const foreign = await read(users.gamma, inWorkspace());
    const absent = await read(users.gamma, `/v1/events?workspaceId=${crypto.randomUUID()}`);
    expect(foreign.status).toBe(404);
    await expect.poll(() => [foreign, absent].every((reader) => reader.isEnded())).toBe(true);
    expect(foreign.text()).toBe(absent.text());
    expect((await read(undefined)).status).toBe(401);
    expect((await read(SERVICE_TOKEN)).status).toBe(401);
    expect((await read(users.alpha, "/v1/events?workspaceId=x")).status).toBe(400);
    expect((await read(users.alpha, "/v1/events?userId=x")).status).toBe(400);
    expect((await read(users.alpha, "/v1/events", "POST")).status).toBe(405);
  });

  it("ends for whoever is removed from the workspace in its middle, who hears of nothing that comes after", async () => {
    const { users, workspace, db } = companion;
    const [alpha, beta] = [await read(users.alpha, inWorkspace()), await read(users.beta, inWorkspace())];
    await expect.poll(() => [alpha, beta].every((reader) => reader.quotas().length > 0)).toBe(true);
    const before = alpha.latest("workspace");
    await sql`DELETE FROM workspace_members WHERE workspace_id = ${workspace} AND user_id = ${users.alpha}`.execute(
      db,
    );
    try {
      const bytes = wavBytes(6000);
      await uploadThrough(companion, users.beta, { bytes, workspaceId: workspace });
      await expect.poll(() => alpha.isEnded()).toBe(true);
      await expect
        .poll(() => beta.latest("workspace")?.usedBytes)
        .toBe((before?.usedBytes ?? 0) + bytes.length);
      expect(alpha.latest("workspace")).toEqual(before);
      expect((await read(users.alpha, inWorkspace())).status).toBe(404);
    } finally {
      await sql`INSERT INTO workspace_members VALUES (${workspace}, ${users.alpha}, 'member')`.execute(db);
    }
  });

  it("ends with the sign-in, and is closed at once by one that has ended", async () => {
    const user = await seedUser(companion.db);
    expiries.set(user, new Date(Date.now() + 600));
    const reader = await read(user);
    await delay(100);
    expect(reader.isEnded()).toBe(false);
    await expect.poll(() => reader.isEnded()).toBe(true);
    expect(Date.now()).toBeGreaterThanOrEqual(expiries.get(user)?.getTime() ?? 0);
    const late = await read(user);
    await expect.poll(() => late.isEnded()).toBe(true);
    expect(late.quotas()).toHaveLength(1);
  });

  it("has eight of one user however many ask at once, and a place again for each that goes", async () => {
    const user = await seedUser(companion.db);
    const asked = await Promise.all(Array.from({ length: 20 }, () => read(user)));
    const [open, refused] = [200, 429].map((status) => asked.filter((reader) => reader.status === status));
    expect([open?.length, refused?.length]).toEqual([8, 12]);
    expect(refused?.[0]?.headers["retry-after"]).toBe("30");
    await expect.poll(() => refused?.[0]?.text()).toContain('"code":"too_many_streams"');
    expect((await read(companion.users.gamma)).status).toBe(200);
    // Whoever is refused for another reason has taken no place either.
    expect((await read(user, inWorkspace())).status).toBe(429);
    open?.[0]?.leave();
    await expect.poll(async () => (await read(user)).status).toBe(200);
    expect((await read(user)).status).toBe(429);
  });

  it("has so many in one process, and 503 for who comes then", async () => {
    const { db } = companion;
    const users = await Promise.all(Array.from({ length: 61 }, () => seedUser(db)));
    const asked = await Promise.all(users.map((user) => read(user)));
    const refused = asked.filter(({ status }) => status === 503);
    expect(refused).toHaveLength(1);
    expect(refused[0]?.headers["retry-after"]).toBe("30");
    await expect.poll(() => refused[0]?.text()).toContain('"code":"streams_unavailable"');
  });

  it("costs one statement a reading for all, one for each that comes, and none when all are gone", async () => {
    const { statements, users, db } = companion;
    const start = statements();
    const others = await Promise.all(Array.from({ length: 40 }, () => seedUser(db)));
    const seeded = statements() - start;
    for (const user of [...others, users.alpha, users.beta]) await read(user);
    for (const user of [users.alpha, users.beta]) await read(user, inWorkspace());
    await companion.storage.audit.flush();
    const opened = statements();
    const began = performance.now();
    await delay(1000);
    const readings = (performance.now() - began) / POLL_MS;
    expect(opened - start - seeded).toBeLessThan(44 + 60);
    expect(statements() - opened).toBeLessThanOrEqual(readings + 2);
    expect(statements() - opened).toBeGreaterThan(3);
    for (const reader of readers) reader.leave();
    await isQuiet(companion);
  });

  it("keeps up no memory for who reads slowly: thousands of changes later the last is what comes", async () => {
    const { db } = companion;
    const user = await seedUser(db);
    const [slow, quick] = [await read(user), await read(user)];
    await expect.poll(() => slow.quotas().length).toBe(1);
    slow.pause();
    const changes = 3000;
    let most = 0;
    for (let bytes = 1; bytes <= changes; bytes++) {
      await setLimit(user, bytes);
      most = Math.max(most, ...server.responses.map((response) => response.writableLength));
    }
    await expect.poll(() => quick.latest()?.limitBytes).toBe(changes);
    expect(most).toBeLessThan(128 * 1024);
    slow.resume();
    await expect.poll(() => slow.latest()?.limitBytes).toBe(changes);
    expect(slow.quotas().length).toBeLessThanOrEqual(quick.quotas().length + 1);
  }, 240_000);

  it("lets go of who went away without a word, and of who asked for its head alone", async () => {
    const user = await seedUser(companion.db);
    const gone = await Promise.all(Array.from({ length: 8 }, () => read(user)));
    for (const reader of gone) reader.leave();
    await isQuiet(companion);
    for (let times = 0; times < 12; times++)
      expect((await read(user, "/v1/events", "HEAD")).status).toBe(200);
    await isQuiet(companion);
    // In the middle of being answered, at any point of it.
    await Promise.all(Array.from({ length: 60 }, (_, afterMs) => server.hangUp(user, afterMs)));
    await isQuiet(companion);
    expect((await read(user)).status).toBe(200);
  });

  it("gives a sign of life while nothing changes", async () => {
    const reader = await read(companion.users.gamma);
    await expect.poll(() => reader.text().match(/^:$/gm)?.length ?? 0).toBeGreaterThan(2);
    expect(reader.quotas()).toHaveLength(1);
  });

  it("ends in good order when the companion drains, and is not opened any more", async () => {
    const draining = await createRealCompanion({ eventStreamTimes: { poll: POLL_MS } });
    const its = await serve(draining.app);
    try {
      const open = await Promise.all([its.read(draining.users.alpha), its.read(draining.users.beta)]);
      expect(open.map(({ status }) => status)).toEqual([200, 200]);
      const began = performance.now();
      draining.app.drain();
      await expect.poll(() => open.every((reader) => reader.isEnded())).toBe(true);
      expect(performance.now() - began).toBeLessThan(1000);
      const late = await its.read(draining.users.alpha);
      expect([late.status, late.headers["retry-after"]]).toEqual([503, "30"]);
      await isQuiet(draining);
      draining.app.drain();
    } finally {
      await its[Symbol.asyncDispose]();
      await draining[Symbol.asyncDispose]();
    }
  });
});

/** Nobody reads on anybody's behalf any more. */
async function isQuiet({ statements, storage }: RealCompanion): Promise<void> {
  await expect
    .poll(
      async () => {
        await storage.audit.flush();
        const start = statements();
        await delay(10 * POLL_MS);
        return statements() - start;
      },
      { timeout: 20_000 },
    )
    .toBe(0);
}
