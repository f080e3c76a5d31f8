import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { createStorage, openProviders, prepareBucket } from "@audiotricks/storage";
import { seedUser } from "@audiotricks/testing/seed";
import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { runCommand, runJson } from "./run-command.ts";
import { SITES } from "./sites.ts";
import { openEmulator } from "./stores.ts";

describe.each(SITES)("export user on $engine", ({ open }) => {
  it("makes an archive of everything of a person's, and writes down that it did, without the URL", {
    timeout: 120_000,
  }, async () => {
    await using store = await openEmulator();
    const spaces = { ...store, bucket: `cli-${randomUUID()}` };
    await prepareBucket(spaces, { allowedOrigins: [] });
    await using opened = await open(spaces);
    const { db, site } = opened;
    const storage = createStorage({ db, providers: await openProviders({ db, spaces }) });
    const userId = await seedUser(db);
    await storage.files.putStream(
      { service: "test" },
      { userId, name: "take.pdf", source: Readable.from([Buffer.from("%PDF-1.7\n")]) },
    );

    const made = await runJson<{ url: string; files: object; exportId: string }>(["export", "user", userId], {
      site,
    });
    expect(made).toMatchObject({ state: "done", files: { total: 1, done: 1, missing: 0 }, error: null });
    const archive = Buffer.from(await (await fetch(made.url)).arrayBuffer());
    for (const name of ["manifest.json", "files.json", "audit.json", "files/take.pdf", "%PDF-1.7"])
      expect(archive.includes(name)).toBe(true);

    const { rows } = await sql<{ outcome: string; text: string }>`
      SELECT outcome, coalesce(change::text, '') AS text FROM storage_audit
      WHERE action = 'exportUser' AND resource_id = ${userId} ORDER BY outcome`.execute(db);
    expect(rows.map(({ outcome }) => outcome)).toEqual(["begun", "done"]);
    expect(rows[1]?.text).toContain(made.exportId);
    expect(rows.some(({ text }) => text.includes("X-Amz"))).toBe(false);

    const unknown = await runCommand(["export", "user", randomUUID(), "--json"], { site });
    expect([unknown.exitCode, JSON.parse(unknown.stderr).error.code]).toEqual([1, "unknown_user"]);
    await storage.close();
  });
});
