import { wavBytes } from "@audiotricks/testing/audio";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openEmulator } from "./open-emulator.ts";
import { begin, openTestStorage, send, type TestStorage, upload } from "./test-storage.ts";

describe("files", () => {
  let store: Awaited<ReturnType<typeof openEmulator>>;
  let on: TestStorage;
  beforeAll(async () => {
    store = await openEmulator();
  });
  afterAll(() => store.close());
  beforeEach(async () => {
    on = await openTestStorage(store);
  });
  afterEach(() => on[Symbol.asyncDispose]());

  it("lists newest first, page by page, each file once even when all are of one instant", async () => {
    for (let index = 0; index < 7; index++) await upload(on, wavBytes(100 + index));
    await begin(on, { size: 50 });
    await sql`UPDATE file_storage SET created_at = '2026-11-24T01:02:03.456789Z' WHERE file_size % 2 = 0`.execute(
      on.db,
    );
    const seen: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await on.storage.files.list(on.me, {
        limit: 3,
        ...(cursor === undefined ? {} : { cursor }),
      });
      expect(page.files.length).toBeLessThanOrEqual(3);
      seen.push(...page.files.map(({ size }) => size));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen.toSorted((a, b) => a - b)).toEqual([100, 101, 102, 103, 104, 105, 106]);
    expect(seen.slice(0, 3)).toEqual([105, 103, 101]);
  });

  it.each(["", "x", "AAAA", Buffer.from("1.'; DROP TABLE users; --").toString("base64url")])(
    "refuses the cursor %j",
    async (cursor) => {
      await expect(on.storage.files.list(on.me, { limit: 3, cursor })).rejects.toMatchObject({
        code: "invalid_request",
      });
    },
  );

  it("gives a file under its own name and our type, counts it, and says so no longer when it expired", async () => {
    const bytes = wavBytes(5000);
    const file = await upload(on, bytes, { name: 'Größe "5"/€\u202e.wav' });
    const { url, expiresIn } = await on.storage.files.download(on.me, file.id, { disposition: "attachment" });
    expect(expiresIn).toBe(300);
    const answer = await fetch(url);
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
    expect(answer.headers.get("content-type")).toBe("audio/wav");
    expect(answer.headers.get("content-disposition")).toBe(
      "attachment; filename=\"Gro_e _5___.wav\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%225%22_%E2%82%AC.wav",
    );
    const inline = await on.storage.files.download(on.me, file.id, { disposition: "inline" });
    expect((await fetch(inline.url)).headers.get("content-disposition")).toMatch(/^inline/);
    await expect
      .poll(() => on.storage.files.get(on.me, file.id), { timeout: 20_000 })
      .toMatchObject({ downloadUrlsIssued: 2 });
  });

  it("counts a thousand downloads in a few writes, and those of services not at all", async () => {
    const [file, other] = [await upload(on, wavBytes(100)), await upload(on, wavBytes(101))];
    await sql`
      CREATE TABLE writes (n integer);
      CREATE FUNCTION note_write() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO writes VALUES (1); RETURN NULL; END';
      CREATE TRIGGER note_write AFTER UPDATE ON file_storage EXECUTE FUNCTION note_write()`.execute(on.db);
    const inline = { disposition: "inline" } as const;
    for (let index = 0; index < 1_000; index++)
      await on.storage.files.download(on.me, index % 4 === 0 ? other.id : file.id, inline);
    await on.storage.files.download({ service: "pipeline" }, file.id, inline);
    await on.storage.close();
    const rows = await on.db
      .selectFrom("file_storage")
      .select(["id", "download_count", "last_accessed_at"])
      .orderBy("file_size")
      .execute();
    expect(rows).toEqual([
      { id: file.id, download_count: 750, last_accessed_at: expect.any(Date) },
      { id: other.id, download_count: 250, last_accessed_at: expect.any(Date) },
    ]);
    const { rows: writes } = await sql`SELECT n FROM writes`.execute(on.db);
    expect(writes.length).toBeLessThan(60);
  });

  it("logs an upload once as its browser reports it, apart from our own calls and marked so", async () => {
    const bytes = wavBytes(5000);
    const session = await begin(on, { size: bytes.length });
    await send(session, session.urls, bytes);
    const summary = {
      durationMs: 2 ** 31 - 1,
      bytesSent: 6000,
      retries: 3,
      browser: "Mozilla/5.0 token authorization",
      bytesPerSecond: 123,
      retryCauses: [{ cause: "http-503", count: 3 }],
    };
    await Promise.all(
      [1, 2, 3].map(() => on.storage.uploads.complete(on.me, session.sessionId, { summary })),
    );
    await on.storage.close();
    const rows = await on.db.selectFrom("spaces_operations").selectAll().execute();
    const reported = rows.filter(({ reported_by }) => reported_by === "client");
    expect(reported).toMatchObject([
      {
        operation_type: "upload",
        file_storage_id: session.fileId,
        user_id: on.me.userId,
        request_size: 6000,
        duration_ms: 2 ** 31 - 1,
        client_report: {
          retries: 3,
          browser: summary.browser,
          bytesPerSecond: 123,
          retryCauses: [{ cause: "http-503", count: 3 }],
        },
      },
    ]);
    // Whatever the browser says, it did not begin before its session.
    expect(Date.now() - Number(reported[0]?.started_at)).toBeLessThan(60_000);
    for (const row of rows.filter(({ reported_by }) => reported_by === "server"))
      expect(row).toMatchObject({ cause: "request", attempts: 1, client_report: null });
    const { rows: dashboard } =
      await sql`SELECT avg_client_upload_time_ms, success_rate FROM storage_performance_dashboard`.execute(
        on.db,
      );
    expect(dashboard).toEqual([{ avg_client_upload_time_ms: 2 ** 31 - 1, success_rate: 100 }]);
  });

  it("logs what the table takes, also beside an entry that it does not", async () => {
    await sql`ALTER TABLE spaces_operations ADD CHECK (storage_path NOT LIKE 'poison%')`.execute(on.db);
    const file = await upload(on, wavBytes(100));
    await sql`UPDATE file_storage SET storage_path = 'poison/a.wav' WHERE id = ${file.id}`.execute(on.db);
    await on.storage.files.delete(on.me, file.id);
    const other = await upload(on, wavBytes(101));
    await on.storage.files.delete(on.me, other.id);
    await on.storage.close();
    const rows = await on.db
      .selectFrom("spaces_operations")
      .select("storage_path")
      .where("operation_type", "=", "delete")
      .where("file_storage_id", "in", [file.id, other.id])
      .execute();
    expect(rows.map(({ storage_path }) => storage_path)).toContain(other.key);
    expect(on.errors).toHaveLength(1);
  });

  it("answers file_not_ready for one whose bytes cannot be had now", async () => {
    const file = await upload(on, wavBytes(5000));
    await sql`UPDATE file_storage SET status = 'quarantined' WHERE id = ${file.id}`.execute(on.db);
    await expect(on.storage.files.download(on.me, file.id, { disposition: "inline" })).rejects.toMatchObject({
      code: "file_not_ready",
      details: { state: "quarantined" },
    });
  });

  it("leaves a delete to the sweep when the store is away, with the quota back at once", async () => {
    const file = await upload(on, wavBytes(5000));
    on.proxy.intercept = () => ({ refuseWith: 503 });
    expect(await on.storage.files.delete(on.me, file.id)).toMatchObject({ state: "deleting" });
    expect(await on.storage.quota(on.me)).toMatchObject({ quotas: [{ usedBytes: 0 }] });
    expect(on.errors).toHaveLength(1);
    await expect(on.storage.files.get(on.me, file.id)).rejects.toMatchObject({ code: "file_not_found" });
    on.proxy.intercept = () => undefined;
    expect(await on.storage.sweep()).toMatchObject({ filesDeleted: 0 });
    const later = await on.openAnother({ now: () => new Date(Date.now() + 60_000) });
    expect(await later.sweep()).toMatchObject({ filesDeleted: 1, failures: [] });
    expect(await on.bucket.has(file.key)).toBe(false);
    expect(await on.storage.files.delete(on.me, file.id)).toMatchObject({ state: "deleted" });
  });

  it("takes away what has expired, and nothing else", async () => {
    const [expired, kept] = [await upload(on, wavBytes(100)), await upload(on, wavBytes(101))];
    await sql`UPDATE file_storage SET expires_at = now() - interval '1 minute' WHERE id = ${expired.id}`.execute(
      on.db,
    );
    await sql`UPDATE file_storage SET expires_at = now() + interval '1 hour' WHERE id = ${kept.id}`.execute(
      on.db,
    );
    await on.storage.sweep();
    const later = await on.openAnother({ now: () => new Date(Date.now() + 60_000) });
    await later.sweep();
    expect(await on.bucket.keys()).toEqual([kept.key]);
    expect((await on.storage.files.list(on.me, { limit: 5 })).files.map(({ id }) => id)).toEqual([kept.id]);
  });

  it("takes any name and any metadata as text, and only as text", async () => {
    const names = [
      "\u202e3pm.wav",
      `${"🎵".repeat(100)}.wav`,
      "../../../etc/passwd.wav",
      "a'; DROP TABLE users; --.WAV",
      "a.mp3.wav",
    ];
    for (const name of names) {
      const session = await begin(on, { size: 100, name, metadata: { "'\"\\": "\u0001 \\u0000 ü" } });
      expect(session.name).toBe(name);
      expect(session.key).toMatch(/^audio\/uploads\/\d{4}\/\d\d\/[0-9a-f-]{36}\.wav$/);
    }
    const bad = await on.storage.uploads.create(
      on.me,
      [
        { name: "\ud800.wav" },
        { name: "nul\0.wav" },
        { metadata: { a: "\0" } },
        { metadata: { "\udc00": "a" } },
        { clientId: "\0" },
        { name: "noextension" },
        { name: "a.wav ", type: "audio/wav" },
        { name: "a.wav", type: "text/html" },
      ].map((bad) => ({
        clientId: "c",
        name: "a.wav",
        size: 1,
        type: "",
        contentType: "audio_file" as const,
        ...bad,
      })),
    );
    expect(bad.map((result) => ("error" in result ? result.error.code : "created"))).toEqual([
      ...Array.from({ length: 5 }, () => "invalid_request"),
      ...Array.from({ length: 3 }, () => "type_not_allowed"),
    ]);
    const session = await begin(on, { size: 3 * 5 * 1024 * 1024 });
    await on.storage.uploads.signParts(on.me, session.sessionId, {
      partNumbers: [2],
      finished: [
        { partNumber: 1, etag: "\0" },
        { partNumber: 9999, etag: "x" },
        { partNumber: 2, etag: "ok" },
      ],
    });
    for (const partNumbers of [[0], [4], [10_000], [], Array.from({ length: 101 }, (_, index) => index)]) {
      await expect(
        on.storage.uploads.signParts(on.me, session.sessionId, { partNumbers }),
      ).rejects.toMatchObject({
        code: "invalid_request",
      });
    }
  });

  it("keeps what the browser says of finished parts, and never takes it back", async () => {
    const session = await begin(on, { size: 3 * 5 * 1024 * 1024 });
    const say = (finished: { partNumber: number; etag: string }[]) =>
      on.storage.uploads.signParts(on.me, session.sessionId, { partNumbers: [3], finished });
    await Promise.all([say([{ partNumber: 1, etag: "a" }]), say([{ partNumber: 1, etag: "b" }]), say([])]);
    await say([
      { partNumber: 1, etag: "c" },
      { partNumber: 2, etag: "d" },
    ]);
    const row = await on.db
      .selectFrom("multipart_uploads")
      .select(["completed_chunks", "uploaded_bytes"])
      .where("id", "=", session.sessionId)
      .executeTakeFirstOrThrow();
    expect(row).toEqual({ completed_chunks: 2, uploaded_bytes: 2 * 5 * 1024 * 1024 });
  });

  it("finishes an upload that was born in SQL", async () => {
    const bytes = wavBytes(12 * 1024 * 1024);
    for (const size of [bytes.length, 4000]) {
      const { rows } = await sql<{ multipart_session_id: string; file_storage_id: string }>`
        INSERT INTO audio_uploads (user_id, original_filename, file_size, mime_type)
        VALUES (${on.me.userId}, 'from sql.wav', ${size}, 'text/html')
        RETURNING multipart_session_id, file_storage_id`.execute(on.db);
      const sessionId = rows[0]?.multipart_session_id ?? "";
      const session = await on.storage.uploads.get(on.me, sessionId);
      expect(session).toMatchObject({ state: "active", size, storedParts: [] });
      const partNumbers = Array.from({ length: session.partCount }, (_, index) => index + 1);
      const urls = await on.storage.uploads.signParts(on.me, sessionId, { partNumbers });
      await send(session, urls, wavBytes(size));
      expect(await on.storage.uploads.complete(on.me, sessionId, {})).toMatchObject({
        state: "completed",
        file: { id: rows[0]?.file_storage_id, state: "stored", type: "audio/wav" },
      });
    }
  });
});
