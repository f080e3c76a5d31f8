import { gzipSync } from "node:zlib";
import type { AccessLevel } from "@audiotricks/protocol/messages";
import { wavBytes } from "@audiotricks/testing/audio";
import { seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  begin,
  gate,
  openTestStorage,
  PART_SIZE,
  type TestStorage,
  type TestStore,
  upload,
} from "./test-storage.ts";

const MINUTE = 60_000;

/** Files that anyone may read, and no longer: what a stranger with the address gets is asked of the store itself. */
export function describePublic(
  server: string,
  open: () => Promise<TestStore & { close(): Promise<void> }>,
): void {
  describe(`public files on ${server}`, { timeout: 60_000 }, () => {
    let store: Awaited<ReturnType<typeof open>>;
    let on: TestStorage;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());
    beforeEach(async () => {
      on = await openTestStorage(store);
    });
    afterEach(() => on[Symbol.asyncDispose]());

    const setLevel = (file: { id: string }, accessLevel: AccessLevel, by = on.storage) =>
      by.files.update(on.me, file.id, { accessLevel });
    const addressOf = ({ key }: { key: string }) => `${store.endpoint}/${on.bucket.name}/${key}`;
    const strangerGets = async (file: { key: string }, headers: Record<string, string> = {}) => {
      const answer = await fetch(addressOf(file), { headers });
      await answer.arrayBuffer();
      return answer.status;
    };
    const later = (ms: number) => on.openAnother({ now: () => new Date(Date.now() + ms) });
    const rowOf = async ({ id }: { id: string }) =>
      on.db
        .selectFrom("file_storage")
        .select(["access_level", "store_access", "cdn_url", "access_due_at", "opened_at"])
        .where("id", "=", id)
        .executeTakeFirstOrThrow();
    const settled = (level: string, access: string) => ({
      access_level: level,
      store_access: access,
      access_due_at: null,
      opened_at: null,
    });

    it.each([
      ["a single PUT", 5_000],
      ["parts", 2 * PART_SIZE + 1_000],
    ])("are read by anyone, kept by caches, and by nobody again; sent by %s", async (_, size) => {
      const bytes = wavBytes(size);
      const file = await upload(on, bytes);
      expect(await strangerGets(file)).toBe(403);

      const published = await setLevel(file, "public");
      expect(published).toMatchObject({
        accessLevel: "public",
        publicUrl: expect.stringContaining(file.key),
      });
      expect(published).not.toHaveProperty("accessChanging");
      const answer = await fetch(published.publicUrl ?? "");
      expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
      expect(answer.headers.get("cache-control")).toBe("public, max-age=604800");
      expect(answer.headers.get("content-type")).toBe("audio/wav");
      expect(await strangerGets(file, { range: "bytes=10-19" })).toBe(206);
      const shown = await on.storage.files.download(on.me, file.id, { disposition: "inline" });
      expect(shown.url).toBe(published.publicUrl);
      const saved = await on.storage.files.download(on.me, file.id, { disposition: "attachment" });
      const attachment = await fetch(saved.url);
      expect(attachment.headers.get("content-disposition")).toContain('filename="take one.wav"');
      expect(attachment.headers.get("cache-control")).toBe("private, max-age=300");

      const hidden = await setLevel(file, "private");
      expect(hidden).toMatchObject({ accessLevel: "private" });
      expect(hidden).not.toHaveProperty("publicUrl");
      expect(hidden).not.toHaveProperty("accessChanging");
      expect(await strangerGets(file)).toBe(403);
      const signed = await on.storage.files.download(on.me, file.id, { disposition: "inline" });
      expect(signed.url).toContain("X-Amz-Signature");
      expect(Buffer.from(await (await fetch(signed.url)).arrayBuffer()).equals(bytes)).toBe(true);
      expect(await rowOf(file)).toMatchObject(settled("private", "private"));
      expect(on.errors).toEqual([]);
    });

    it("are as the row says once the store is back, either way", async () => {
      const file = await upload(on, wavBytes(500));
      on.proxy.intercept = (operation) => (operation === "PutObjectAcl" ? { refuseWith: 503 } : undefined);
      const wanted = await setLevel(file, "public");
      expect(wanted).toMatchObject({ accessLevel: "public", accessChanging: true });
      expect(wanted).not.toHaveProperty("publicUrl");
      expect(await strangerGets(file)).toBe(403);
      on.proxy.intercept = () => undefined;
      expect(await on.storage.sweep()).toMatchObject({ accessSettled: 1, failures: [] });
      expect(await strangerGets(file)).toBe(200);
      expect((await on.storage.files.get(on.me, file.id)).publicUrl).toContain(file.key);

      on.proxy.intercept = (operation) => (operation === "PutObjectAcl" ? { drop: "before" } : undefined);
      expect(await setLevel(file, "private")).toMatchObject({ accessLevel: "private", accessChanging: true });
      // It is told as it is.
      expect(await strangerGets(file)).toBe(200);
      expect(await on.storage.sweep()).toMatchObject({
        accessSettled: 0,
        failures: [{ id: file.id, code: "storage_unavailable" }],
      });
      on.proxy.intercept = () => undefined;
      expect(await (await later(2 * MINUTE)).sweep()).toMatchObject({ accessSettled: 1, failures: [] });
      expect(await strangerGets(file)).toBe(403);
      expect(await rowOf(file)).toMatchObject(settled("private", "private"));
    });

    it("stay closed although a request to open them arrives after that to close them", async () => {
      const file = await upload(on, wavBytes(500));
      const held = gate();
      let opening = 0;
      on.proxy.intercept = (operation) =>
        operation === "PutObjectAcl" && opening++ === 0 ? { before: held.opened } : undefined;
      const slow = setLevel(file, "public");
      await expect.poll(() => opening).toBe(1);
      await expect(setLevel(file, "private")).rejects.toMatchObject({
        code: "access_changing",
        details: { retryAfterMs: expect.any(Number) },
      });
      // A repeated wish waits for nothing, and does nothing.
      expect(await setLevel(file, "public")).toMatchObject({ accessLevel: "public", accessChanging: true });

      const other = await later(2 * MINUTE);
      expect(await setLevel(file, "private", other)).toMatchObject({
        accessLevel: "private",
        accessChanging: true,
      });
      held.open();
      expect(await slow).toMatchObject({ accessLevel: "private" });
      // What was feared: the store has it open, against the row.
      expect(await strangerGets(file)).toBe(200);
      expect(await rowOf(file)).toMatchObject({ store_access: "closing", cdn_url: null });
      expect(await (await later(30 * MINUTE)).sweep()).toMatchObject({ accessSettled: 1, failures: [] });
      expect(await strangerGets(file)).toBe(403);
      expect(await rowOf(file)).toMatchObject(settled("private", "private"));
    });

    it("are opened by the sweep where whoever wanted it was killed, also by plain SQL", async () => {
      const file = await upload(on, wavBytes(500));
      await sql`UPDATE file_storage SET access_level = 'public' WHERE id = ${file.id}`.execute(on.db);
      expect(await on.storage.sweep()).toMatchObject({ accessSettled: 0 });
      const reports = await Promise.all(
        [2, 2, 2].map(async (minutes) => (await later(minutes * MINUTE)).sweep()),
      );
      expect(reports.reduce((sum, { accessSettled }) => sum + accessSettled, 0)).toBe(1);
      expect(await strangerGets(file)).toBe(200);
      await sql`UPDATE file_storage SET status = 'quarantined' WHERE id = ${file.id}`.execute(on.db);
      expect((await on.storage.files.get(on.me, file.id)).publicUrl).toBeUndefined();
      await (await later(4 * MINUTE)).sweep();
      expect(await strangerGets(file)).toBe(403);
      await expect(setLevel(file, "public")).rejects.toMatchObject({ code: "file_not_ready" });
      expect(await strangerGets(file)).toBe(403);
    });

    it("are what the last one to be heard wanted, when many want different things at once", async () => {
      const file = await upload(on, wavBytes(500));
      for (let round = 0; round < 3; round++) {
        const wishes = Array.from({ length: 8 }, (_, index) =>
          setLevel(file, (index + round) % 2 === 0 ? "public" : "private").catch(
            (error: { code: string }) => {
              expect(error.code).toBe("access_changing");
            },
          ),
        );
        await Promise.all(wishes);
      }
      await (await later(30 * MINUTE)).sweep();
      const row = await rowOf(file);
      expect(row.store_access).toBe(row.access_level);
      expect(await strangerGets(file)).toBe(row.access_level === "public" ? 200 : 403);
    });

    it("are private again where the store lets nothing be public", async () => {
      const file = await upload(on, wavBytes(500));
      on.proxy.intercept = (operation) => (operation === "PutObjectAcl" ? { refuseWith: 501 } : undefined);
      await expect(setLevel(file, "public")).rejects.toMatchObject({ code: "provider_unsupported" });
      expect(await rowOf(file)).toMatchObject(settled("private", "private"));
    });

    it("go when they are deleted, and what is not there yet or any more is not found", async () => {
      const file = await upload(on, wavBytes(500));
      await setLevel(file, "public");
      expect(await on.storage.files.delete(on.me, file.id)).toMatchObject({ state: "deleted" });
      expect(await strangerGets(file)).not.toBe(200);
      expect(await rowOf(file)).toMatchObject({ ...settled("public", "private"), cdn_url: null });
      await expect(setLevel(file, "private")).rejects.toMatchObject({ code: "file_not_found" });
      const { fileId } = await begin(on, { size: 500 });
      await expect(setLevel({ id: fileId }, "public")).rejects.toMatchObject({ code: "file_not_found" });
    });

    it("leave nothing behind when they are deleted while they are being opened", async () => {
      const file = await upload(on, wavBytes(500));
      const held = gate();
      let isAsked = false;
      on.proxy.intercept = (operation) => {
        if (operation !== "PutObjectAcl") return undefined;
        isAsked = true;
        return { before: held.opened };
      };
      const slow = setLevel(file, "public");
      await expect.poll(() => isAsked).toBe(true);
      expect(await on.storage.files.delete(on.me, file.id)).toMatchObject({ state: "deleted" });
      held.open();
      const answered = await slow;
      expect(answered).toMatchObject({ state: "deleted" });
      expect(answered).not.toHaveProperty("publicUrl");
      expect(await rowOf(file)).toMatchObject({
        store_access: "private",
        cdn_url: null,
        access_due_at: null,
      });
      expect(await on.bucket.keys()).toEqual([]);
      expect(await (await later(30 * MINUTE)).sweep()).toMatchObject({ accessSettled: 0, failures: [] });
    });

    it("are made so by their owner or an admin, never of a backup or of what is not ready", async () => {
      const [member, stranger] = [await seedUser(on.db), await seedUser(on.db)];
      const workspaceId = await seedWorkspace(on.db, {
        members: { [on.me.userId]: "member", [member]: "member" },
      });
      const file = await upload(on, wavBytes(500), { workspaceId });
      await setLevel(file, "workspace");
      for (const [userId, code] of [
        [member, "forbidden"],
        [stranger, "file_not_found"],
      ] as const)
        await expect(
          on.storage.files.update({ userId }, file.id, { accessLevel: "public" }),
        ).rejects.toMatchObject({ code });
      expect(await strangerGets(file)).toBe(403);
      await sql`UPDATE file_storage SET status = 'quarantined' WHERE id = ${file.id}`.execute(on.db);
      await expect(setLevel(file, "public")).rejects.toMatchObject({
        code: "file_not_ready",
        details: { state: "quarantined" },
      });
      const zipped = new Uint8Array(gzipSync("a dump"));
      const backup = await upload(on, zipped, { name: "dump.gz", type: "", contentType: "backup" });
      for (const level of ["public", "workspace"] as const)
        await expect(setLevel(backup, level)).rejects.toMatchObject({ code: "access_not_allowed" });
      expect(on.proxy.operations).not.toContain("PutObjectAcl");
    });
  });
}
