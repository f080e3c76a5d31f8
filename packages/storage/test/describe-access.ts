import { randomUUID } from "node:crypto";
import type { PgliteDatabase } from "@audiotricks/testing/database";
import { seedProvider, seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import { type Kysely, sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tenantOf } from "../src/access/tenant.ts";
import { tenantLookup } from "../src/access/tenant-lookup.ts";
import { type AuditEntry, createAuditLog } from "../src/audit/audit-log.ts";
import { ACCESS, type Access, createUserDirectory, type Database, type Principal } from "../src/index.ts";
import { createRateLimiter } from "../src/rate-limiter.ts";
import type { Caller } from "../src/storage.ts";

type Name = "owner" | "viewer" | "guest" | "member" | "admin" | "stranger";
interface World {
  db: Kysely<Database>;
  people: Record<Name, Principal>;
  files: { id: string; owner: Name; isInWorkspace: boolean; isPrivate: boolean; sessionId: string }[];
}

/** What has to hold on every database that we run on: who reaches what, who is who, how often, and what is written of it. */
export function describeAccess(engine: string, open: () => Promise<PgliteDatabase<Database>>): void {
  describe(`access on ${engine}`, () => {
    let database: PgliteDatabase<Database>;
    let world: World;
    let workspaceId: string;
    beforeAll(async () => {
      database = await open();
      ({ world, workspaceId } = await furnish(database.db));
    });
    afterAll(() => database[Symbol.asyncDispose]());

    /** The roles that the table speaks of; a guest has one of the host's own, and is as good as a viewer. */
    const roleOf = (name: Name) => {
      if (name === "stranger") return undefined;
      if (name === "guest") return "viewer";
      return name === "owner" ? "member" : name;
    };
    const reaches = (
      name: Name,
      access: Access,
      file: World["files"][number],
      isSession: boolean,
    ): boolean => {
      const isForUsers = [access.viewer, access.member, access.admin].some((reach) => reach !== "none");
      const isOwn = file.owner === name;
      if (!file.isInWorkspace) return isForUsers && isOwn;
      const role = roleOf(name);
      const reach = role === undefined ? "none" : access[role];
      if (reach === "none") return false;
      return reach === "all" || isOwn || (reach === "shared" && !file.isPrivate && !isSession);
    };
    const names: Name[] = ["owner", "viewer", "guest", "member", "admin", "stranger"];
    const ids = (rows: { id: string }[]) => rows.map(({ id }) => id).toSorted((a, b) => (a < b ? -1 : 1));

    it("gives everyone exactly what the table says, on every row of it", async () => {
      const { db, people, files } = world;
      // Each way to reach once: many rows have the same.
      const ways = Map.groupBy(Object.entries(ACCESS) as [string, Access][], ([, access]) =>
        JSON.stringify([access.viewer, access.member, access.admin]),
      );
      expect(ways.size).toBeGreaterThan(4);
      for (const [[action, access]] of ways.values() as Iterable<[[string, Access]]>)
        for (const name of names) {
          const tenant = tenantOf(db, people[name]);
          const expected = (isSession: boolean) =>
            files.filter((file) => reaches(name, access, file, isSession));
          expect(ids(await tenant.files(access).select("f.id").execute()), `${action} ${name}`).toEqual(
            ids(expected(false)),
          );
          expect(ids(await tenant.sessions(access).select("u.id").execute()), `${action} ${name}`).toEqual(
            ids(expected(true).map(({ sessionId }) => ({ id: sessionId }))),
          );
          const role = roleOf(name);
          const rooms = await tenant.workspaces(access).execute();
          expect(rooms.length > 0).toBe(role !== undefined && access[role] !== "none");
          const entries = tenant.audit(access).select("a.id");
          expect(await entries.execute()).toEqual([]);
        }
    });

    it("answers everyone's question as their own, however many are asked together", async () => {
      const { db, people, files } = world;
      const find = tenantLookup(["fileId"], (tenant, { fileId }) => {
        const found = tenant.files(ACCESS.downloadFile).select("f.id").where("f.id", "=", fileId);
        return sql<{ id: string }>`${found}`;
      });
      const services: Caller[] = [{ service: "audio" }];
      const operators: Caller[] = names.map((name) => ({ ...people[name], isOperator: true }));
      const askers = [...names.map((name): Caller => people[name]), ...operators, ...services];
      const questions = askers.flatMap((caller, at) =>
        files.map((file) => ({ caller, name: names[at % names.length], file })),
      );
      const mixed = questions.toSorted((a, b) => (a.file.id < b.file.id ? -1 : 1));
      const answers = await Promise.all(
        mixed.map(async ({ caller, file }) => await find({ caller, work: { db } }, { fileId: file.id })),
      );
      for (const [index, { caller, name, file }] of mixed.entries()) {
        const mayRead =
          "service" in caller || (name !== undefined && reaches(name, ACCESS.downloadFile, file, false));
        expect(answers[index]).toEqual(mayRead ? [{ id: file.id }] : []);
      }
      expect(answers.flat().length).toBeGreaterThan(files.length);

      const [refused, served] = await Promise.allSettled([
        find({ caller: { service: "audio" }, work: { db } }, { fileId: `${randomUUID()},${files[0]?.id}` }),
        find({ caller: { service: "audio" }, work: { db } }, { fileId: files[0]?.id ?? null }),
      ]);
      expect(refused).toMatchObject({ status: "rejected", reason: expect.any(TypeError) as unknown });
      expect(served).toEqual({ status: "fulfilled", value: [{ id: files[0]?.id }] });
    });

    it("changes nothing that it does not give, whatever the statement narrows it to", async () => {
      const { db, people, files } = world;
      for (const name of names)
        for (const file of files) {
          const changed = await tenantOf(db, people[name])
            .updateFiles(ACCESS.updateFile)
            .set({ original_filename: `by ${name}.wav` })
            .where("f.id", "=", file.id)
            .executeTakeFirst();
          expect(changed.numUpdatedRows, `${name} ${JSON.stringify(file)}`).toBe(
            reaches(name, ACCESS.updateFile, file, false) ? 1n : 0n,
          );
        }
    });

    it("gives a service the files that it may read, and of sessions those of what it derives", async () => {
      const tenant = tenantOf(world.db, { service: "pipeline" });
      const idsOf = async (access: Access) => (await tenant.files(access).select("f.id").execute()).length;
      expect(await idsOf(ACCESS.getFile)).toBe(world.files.length);
      expect(await idsOf(ACCESS.updateFile)).toBe(0);
      expect(await idsOf(ACCESS.listFiles)).toBe(0);
      expect(await tenant.sessions(ACCESS.getUpload).select("u.id").execute()).toEqual([]);
      expect(await tenant.workspaces(ACCESS.readQuota).execute()).toEqual([]);
      expect(await tenant.self().select("me.id").execute()).toEqual([]);
    });

    it("reserves for exactly those whom the table lets upload", async () => {
      for (const name of names) {
        const { rows } = await sql<{ outcome: string }>`
          SELECT outcome FROM reserve_uploads(${world.people[name].userId}, 'v1', NULL,
            ${JSON.stringify([{ clientId: "1", name: "a.wav", size: 1, workspaceId }])}::jsonb)`.execute(
          world.db,
        );
        const role = roleOf(name);
        if (role === undefined) expect(rows).toEqual([{ outcome: "workspace_not_found" }]);
        else
          expect(rows).toEqual([
            { outcome: ACCESS.createUploads[role] === "none" ? "forbidden" : "created" },
          ]);
      }
    });

    it("shows the audit log to operators alone", async () => {
      const { db, people } = world;
      const log = createAuditLog(db, fail);
      await log.write([entry({ requestId: "seen" })]);
      const seenBy = async (principal: Principal, access: Access) =>
        (await tenantOf(db, principal).audit(access).select("a.request_id").execute()).length;
      expect(await seenBy({ ...people.admin, isOperator: true }, ACCESS.listAudit)).toBeGreaterThan(0);
      expect(await seenBy({ ...people.admin, isOperator: true }, ACCESS.listFiles)).toBe(0);
      expect(await seenBy({ ...people.admin, isOperator: false }, ACCESS.listAudit)).toBe(0);
    });

    it("counts a thousand of the same on a row or two, and loses none of what is awaited", async () => {
      const { db } = world;
      const log = createAuditLog(db, fail);
      const fileId = randomUUID();
      for (let index = 0; index < 1_000; index++)
        log.record(entry({ action: "downloadFile", resourceId: fileId, requestId: `r${index}` }));
      await Promise.all(
        Array.from({ length: 30 }, (_, index) =>
          log.write([entry({ action: "deleteFile", resourceId: fileId, requestId: `d${index}` })]),
        ),
      );
      const refused = entry({ action: "createUploads", resourceId: fileId, outcome: "quota_exceeded" });
      await log.write(Array.from({ length: 100 }, () => refused));
      await log.flush();
      const rows = await db
        .selectFrom("storage_audit")
        .select(["action", "times", "address", "outcome", "resource"])
        .where("resource_id", "=", fileId)
        .orderBy("action", "desc")
        .execute();
      const downloads = rows.filter(({ action }) => action === "downloadFile");
      expect(downloads).toEqual([
        { action: "downloadFile", times: 1000, address: "192.0.2.7", outcome: "done", resource: "file" },
      ]);
      expect(rows.filter(({ action }) => action === "deleteFile")).toHaveLength(30);
      expect(rows.filter(({ action }) => action === "createUploads")).toMatchObject([{ times: 100 }]);
    });

    it("writes in a month that nobody has made, and keeps out nothing but an entry that the table refuses", async () => {
      const { db } = world;
      const errors: unknown[] = [];
      const log = createAuditLog(db, (error) => errors.push(error));
      await sql`SELECT drop_old_audit('-10 years')`.execute(db);
      await log.write([
        entry({ requestId: "after the drop" }),
        entry({ action: "listFiles", requestId: "x".repeat(101) }),
        entry({ resourceId: "no id at all" }),
      ]);
      const rows = await db.selectFrom("storage_audit").select(["request_id", "resource_id"]).execute();
      expect(new Set(rows.map(({ request_id }) => request_id))).toEqual(
        new Set(["after the drop", "request"]),
      );
      expect(rows.every(({ resource_id }) => resource_id === null)).toBe(true);
      expect(errors).toHaveLength(1);
    });

    it("lets so many in a minute through from all servers together, and says when to come back", async () => {
      const servers = [createRateLimiter(world.db), createRateLimiter(world.db)];
      const limit = { name: "test", perMinute: 7 };
      const waits = await Promise.all(
        Array.from({ length: 20 }, async (_, index) => await servers[index % 2]?.consume(limit, "somebody")),
      );
      expect(waits.filter((wait) => wait === 0)).toHaveLength(7);
      for (const wait of waits.filter((ms) => ms !== 0)) expect(wait).toBeLessThanOrEqual(60_000);
      expect(await servers[0]?.consume(limit, "somebody else")).toBe(0);
      const { rows } =
        await sql`SELECT points > 7 AS over FROM rate_limits WHERE key = 'test:somebody'`.execute(world.db);
      expect(rows).toEqual([{ over: true }]);
    });

    it("knows a subject that is a user's id, or that has an identity, and nobody else; and remembers", async () => {
      const { db, people } = world;
      const find = createUserDirectory({ db });
      const issuer = "https://issuer.example";
      expect(await find({ issuer, subject: people.owner.userId.toUpperCase() })).toEqual(people.owner);
      for (const subject of ["", "nobody", randomUUID(), "a\0b", "\ud800", "x".repeat(300), "'; --"])
        expect(await find({ issuer, subject })).toBeNull();
      await sql`INSERT INTO user_identities (issuer, subject, user_id)
        VALUES (${issuer}, 'auth0|7', ${people.viewer.userId})`.execute(db);
      expect(await find({ issuer, subject: "auth0|7" })).toEqual(people.viewer);
      expect(await find({ issuer: "https://other.example", subject: "auth0|7" })).toBeNull();
      await sql`DELETE FROM user_identities`.execute(db);
      // For a minute, at most: what they had is theirs to reach or gone.
      expect(await find({ issuer, subject: "auth0|7" })).toEqual(people.viewer);
      expect(await createUserDirectory({ db, keptForMs: 0 })({ issuer, subject: "auth0|7" })).toBeNull();
      const creates = createUserDirectory({ db, createsUsers: true });
      const made = await Promise.all([1, 2, 3].map(() => creates({ issuer, subject: "new" })));
      expect(new Set(made.map((principal) => principal?.userId)).size).toBe(1);
    });

    // The last one: it takes the database away.
    it("counts by itself, and keeps what is to be written, while the database is away", async () => {
      const { db } = world;
      await db.destroy();
      const limit = { name: "away", perMinute: 3 };
      const limiter = createRateLimiter(db);
      const waits: number[] = [];
      for (let index = 0; index < 5; index++) waits.push(await limiter.consume(limit, "somebody"));
      expect(waits.map((wait) => wait > 0)).toEqual([false, false, false, true, true]);
      const errors: unknown[] = [];
      const log = createAuditLog(db, (error) => errors.push(error));
      await log.write([entry({})]);
      expect(errors).toHaveLength(1);
      await expect(log.flush()).rejects.toThrow();
    });
  });
}

/** Nothing may fail in the background here. */
function fail(error: unknown): never {
  throw error;
}

function entry(change: Partial<AuditEntry>): AuditEntry {
  return {
    caller: undefined,
    action: "getFile",
    resourceId: undefined,
    outcome: "done",
    address: "192.0.2.7",
    requestId: "request",
    ...change,
  };
}

/** Everybody owns a file of each kind, with an open session. */
async function furnish(db: Kysely<Database>): Promise<{ world: World; workspaceId: string }> {
  await seedProvider(db);
  const person = async (): Promise<Principal> => ({ userId: await seedUser(db) });
  const people: World["people"] = {
    owner: await person(),
    viewer: await person(),
    guest: await person(),
    member: await person(),
    admin: await person(),
    stranger: await person(),
  };
  const workspaceId = await seedWorkspace(db, {
    members: {
      [people.owner.userId]: "member",
      [people.viewer.userId]: "viewer",
      [people.member.userId]: "member",
      [people.admin.userId]: "admin",
    },
  });
  // A host has roles of its own.
  await sql`ALTER TABLE workspace_members DROP CONSTRAINT workspace_members_role_check`.execute(db);
  await sql`INSERT INTO workspace_members VALUES (${workspaceId}, ${people.guest.userId}, 'Admin ')`.execute(
    db,
  );
  const files: World["files"] = [];
  for (const [owner, { userId }] of Object.entries(people) as [Name, Principal][])
    for (const [isInWorkspace, isPrivate] of [
      [false, true],
      [true, true],
      [true, false],
    ] as const) {
      const { rows } = await sql<{ file: string; session: string }>`
        SELECT file_id AS file, session_id AS session FROM reserve_uploads(${userId}, 'sql', NULL,
          ${JSON.stringify([{ clientId: "1", name: "a.wav", size: 1, workspaceId: isInWorkspace ? workspaceId : null }])}::jsonb)`.execute(
        db,
      );
      const [row] = rows;
      if (row === undefined) throw new Error("not reserved");
      await sql`UPDATE file_storage SET access_level = ${isPrivate ? "private" : "workspace"} WHERE id = ${row.file}`.execute(
        db,
      );
      files.push({ id: row.file, owner, isInWorkspace, isPrivate, sessionId: row.session });
    }
  return { world: { db, people, files }, workspaceId };
}
