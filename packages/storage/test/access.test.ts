import { randomUUID } from "node:crypto";
import type { FileRecord } from "@audiotricks/protocol/messages";
import { wavBytes } from "@audiotricks/testing/audio";
import { seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Principal } from "../src/index.ts";
import { openEmulator } from "./open-emulator.ts";
import {
  begin,
  newUpload,
  openTestStorage,
  PART_SIZE,
  send,
  type TestStorage,
  upload,
} from "./test-storage.ts";

/** Someone else's and absent must look the same: same code, same message, nothing changed. */
describe("who may do what", () => {
  let store: Awaited<ReturnType<typeof openEmulator>>;
  let on: TestStorage;
  let people: Record<"owner" | "member" | "viewer" | "admin" | "stranger", Principal>;
  let workspaceId: string;

  beforeAll(async () => {
    store = await openEmulator();
    on = await openTestStorage(store);
    const person = async () => ({ userId: await seedUser(on.db) });
    people = {
      owner: on.me,
      member: await person(),
      viewer: await person(),
      admin: await person(),
      stranger: await person(),
    };
    workspaceId = await seedWorkspace(on.db, {
      members: {
        [people.owner.userId]: "member",
        [people.member.userId]: "member",
        [people.viewer.userId]: "viewer",
        [people.admin.userId]: "admin",
      },
    });
  });
  afterAll(async () => {
    await on[Symbol.asyncDispose]();
    await store.close();
  });

  const failureOf = async (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => "nothing failed",
      (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
    );

  it("keeps an upload session to its owner, on every call", async () => {
    const inWorkspace = await begin(on, { size: 3 * PART_SIZE, workspaceId });
    const personal = await begin(on, { size: 1000 });
    await send(personal, personal.urls, wavBytes(1000));
    for (const who of ["member", "viewer", "admin", "stranger"] as const) {
      for (const { sessionId, key } of [inWorkspace, personal]) {
        const calls = (id: string): Promise<unknown>[] => {
          const { uploads, s3 } = on.storage;
          const principal = people[who];
          const upload = { key, uploadId: id };
          return [
            uploads.get(principal, id),
            uploads.signParts(principal, id, { partNumbers: [1] }),
            uploads.complete(principal, id, {}),
            uploads.cancel(principal, id),
            s3.signPart(principal, upload, 1),
            s3.listParts(principal, upload),
            s3.complete(principal, upload, []),
            s3.abort(principal, upload),
          ];
        };
        const theirs = await Promise.all(calls(sessionId).map(failureOf));
        expect(new Set(theirs)).toEqual(new Set(["session_not_found: There is no such upload."]));
        expect(await Promise.all(calls(randomUUID()).map(failureOf))).toEqual(theirs);
      }
      const [resumed] = await on.storage.uploads.create(people[who], [
        newUpload({ size: 1000, resume: personal.sessionId }),
      ]);
      expect(resumed).toMatchObject({ session: { resumed: false } });
      const mine = await on.storage.uploads.listOpen(people[who]);
      expect(mine.map(({ sessionId }) => sessionId)).not.toContain(personal.sessionId);
    }
    expect(await on.storage.uploads.get(on.me, personal.sessionId)).toMatchObject({ state: "active" });
  });

  it("ends a session's reach when its owner leaves the workspace", async () => {
    const leaver = { userId: await seedUser(on.db) };
    const member = { workspace_id: workspaceId, user_id: leaver.userId, role: "member" };
    await on.db.insertInto("workspace_members").values(member).execute();
    const session = await begin({ storage: on.storage, me: leaver }, { size: 1000, workspaceId });
    await on.db
      .updateTable("workspace_members")
      .set({ role: "viewer" })
      .where("user_id", "=", leaver.userId)
      .execute();
    await expect(on.storage.uploads.complete(leaver, session.sessionId, {})).rejects.toMatchObject({
      code: "session_not_found",
    });
  });

  it("lets nobody upload to a workspace they are not in or only look at", async () => {
    const codes = await Promise.all(
      (["stranger", "viewer", "member"] as const).map(async (who) => {
        const [result] = await on.storage.uploads.create(people[who], [
          newUpload({ size: 1000, workspaceId }),
        ]);
        return result !== undefined && "error" in result ? result.error.code : "created";
      }),
    );
    expect(codes).toEqual(["workspace_not_found", "forbidden", "created"]);
    await expect(on.storage.s3Tokens.issue(people.stranger, { workspaceId })).rejects.toMatchObject({
      code: "workspace_not_found",
    });
    await expect(on.storage.s3Tokens.issue(people.viewer, { workspaceId })).rejects.toMatchObject({
      code: "forbidden",
    });
    const [unknown] = await on.storage.uploads.create({ userId: randomUUID() }, [newUpload({ size: 1 })]);
    expect(unknown).toMatchObject({ error: { code: "unknown_user" } });
    await expect(on.storage.s3Tokens.issue({ userId: randomUUID() })).rejects.toMatchObject({
      code: "unknown_user",
    });
  });

  it("shows and gives files to exactly those who may have them", async () => {
    const personal = await upload(on, wavBytes(1000));
    const shared = await upload(on, wavBytes(1001), { workspaceId });
    const hidden = await upload(on, wavBytes(1002), { workspaceId });
    expect(shared.accessLevel).toBe("workspace");
    await on.storage.files.update(on.me, hidden.id, { accessLevel: "private" });

    const sees = async (who: keyof typeof people, file: FileRecord) => {
      const { files } = on.storage;
      const got = await failureOf(files.get(people[who], file.id));
      const downloaded = await failureOf(files.download(people[who], file.id, { disposition: "inline" }));
      expect(downloaded).toBe(got);
      if (got !== "nothing failed") expect(got).toBe(await failureOf(files.get(people[who], randomUUID())));
      return got === "nothing failed";
    };
    const seenBy = async (file: FileRecord) => {
      const names = Object.keys(people) as (keyof typeof people)[];
      const seen = await Promise.all(names.map(async (who) => ((await sees(who, file)) ? [who] : [])));
      return seen.flat();
    };
    expect(await seenBy(personal)).toEqual(["owner"]);
    expect(await seenBy(shared)).toEqual(["owner", "member", "viewer", "admin"]);
    expect(await seenBy(hidden)).toEqual(["owner", "admin"]);

    const listedBy = async (who: keyof typeof people) => {
      const { files } = await on.storage.files.list(people[who], { workspaceId, limit: 200 });
      return files.map(({ size }) => size).filter((size) => size >= 1000);
    };
    expect(await listedBy("viewer")).toEqual([1001]);
    expect(await listedBy("admin")).toEqual([1002, 1001]);
    await expect(listedBy("stranger")).rejects.toMatchObject({ code: "workspace_not_found" });
    await expect(on.storage.quota(people.stranger, workspaceId)).rejects.toMatchObject({
      code: "workspace_not_found",
    });

    // Changing and deleting: the owner and admins; the others learn no more than they may see.
    for (const [who, code] of [
      ["stranger", "file_not_found"],
      ["viewer", "forbidden"],
      ["member", "forbidden"],
    ] as const) {
      await expect(on.storage.files.update(people[who], shared.id, { name: "x.wav" })).rejects.toMatchObject({
        code,
      });
      await expect(on.storage.files.delete(people[who], shared.id)).rejects.toMatchObject({ code });
    }
    await expect(
      on.storage.files.update(on.me, personal.id, { accessLevel: "workspace" }),
    ).rejects.toMatchObject({
      code: "invalid_request",
    });
    expect(await on.storage.files.update(people.admin, shared.id, { name: "new.wav" })).toMatchObject({
      name: "new.wav",
      key: shared.key,
    });
    expect(await on.storage.files.delete(people.admin, shared.id)).toMatchObject({ state: "deleted" });
    expect(await on.storage.files.delete(people.admin, shared.id)).toMatchObject({ state: "deleted" });
    expect(await failureOf(on.storage.files.delete(people.stranger, shared.id))).toMatch(/^file_not_found/);
    expect(await on.storage.files.delete(on.me, hidden.id)).toMatchObject({ state: "deleted" });
    expect(await on.bucket.has(hidden.key)).toBe(false);
    expect(await seenBy(shared)).toEqual([]);
  });

  it("knows a token while it lasts, and by its hash alone", async () => {
    const { token, expiresIn } = await on.storage.s3Tokens.issue(on.me, { workspaceId });
    expect(expiresIn).toBeLessThanOrEqual(86_400);
    expect(await on.storage.s3Tokens.find(token)).toEqual({ userId: on.me.userId, workspaceId });
    const rows = await on.db.selectFrom("s3_tokens").selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(token);
    expect(await on.storage.s3Tokens.find(`${token}x`)).toBeUndefined();
    const later = await on.openAnother({ now: () => new Date(Date.now() + (expiresIn + 1) * 1000) });
    expect(await later.s3Tokens.find(token)).toBeUndefined();
    await on.storage.s3Tokens.revoke(people.stranger, token);
    expect(await on.storage.s3Tokens.find(token)).toBeDefined();
    await on.storage.s3Tokens.revoke(on.me, token);
    expect(await on.storage.s3Tokens.find(token)).toBeUndefined();
  });
});
