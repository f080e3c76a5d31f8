import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { type Initiated, initiate, initiated, onBoth, type Trial } from "./on-both.ts";
import { rowsOf } from "./reserve.ts";
import { openSpecification } from "./specification.ts";

const pathOf = (answer: Initiated | string) => (typeof answer === "string" ? answer : answer.storage_path);

/** Lets files of 5 TB through, so that only the part plan is in question. */
async function allowLargest({ db, schema }: Trial): Promise<void> {
  await sql`UPDATE storage_providers SET max_file_size = 5000000000000`.execute(db);
  if (schema === "ours") await sql`UPDATE storage_settings SET default_user_max_bytes = NULL`.execute(db);
}

describe("initiation, where the specification's SQL fails", () => {
  it.each([
    ["r.gz", /\/[0-9a-f-]{36}\.r\.gz$/],
    ["readme", /\/[0-9a-f-]{36}\.adme$/],
    ["x../a", /\/[0-9a-f-]{36}\.\.\/a$/],
  ])("defect 5: the name %s never reaches the key", async (name, injected) => {
    const { specification, ours } = await onBoth(async (trial) => pathOf(await initiate(trial, { name })));
    expect(specification).toMatch(injected);
    expect(ours).toBe("AT004");
  });

  it("defect 5: an extension of any length is kept, in small letters", async () => {
    const { ours } = await onBoth(async (trial) => [
      (await initiated(trial, { name: "a.b.OPUS" })).storage_path,
      (await initiated(trial, { name: "transcript.gz", contentType: "export_file" })).storage_path,
    ]);
    expect(ours[0]).toMatch(/^audio\/uploads\/\d{4}\/\d{2}\/[0-9a-f-]{36}\.opus$/);
    expect(ours[1]).toMatch(/^exports\/transcripts\/\d{4}\/\d{2}\/[0-9a-f-]{36}\.gz$/);
  });

  it("defect 9: initiate_file_storage answers, and so does whatever asks for part numbers", async () => {
    await using asWritten = await openSpecification({ runnable: false });
    const { db } = asWritten;
    await sql`SELECT setup_digitalocean_spaces('nyc3.digitaloceanspaces.com', 'nyc3', 'b', 'key', 'secret')`.execute(
      db,
    );
    const user = (
      await rowsOf(db, sql<{ id: string }>`INSERT INTO users (name) VALUES ('Alpha') RETURNING id`)
    )[0]?.id;
    await expect(
      sql`SELECT * FROM initiate_file_storage('a.mp3', 100, 'audio/mpeg', 'audio_file', ${user})`.execute(db),
    ).rejects.toMatchObject({ code: "42804" });
    await sql`
      WITH f AS (
        INSERT INTO file_storage (original_filename, stored_filename, storage_provider_id, storage_path, file_size, content_type)
        SELECT 'a.mp3', 'a.mp3', id, 'a.mp3', 100, 'audio_file' FROM storage_providers RETURNING id)
      INSERT INTO multipart_uploads (upload_session_id, file_storage_id, spaces_upload_id, original_filename,
        total_file_size, total_chunks, user_id)
      SELECT 's', id, 'u', 'a.mp3', 100, 1, ${user} FROM f`.execute(db);
    await expect(
      sql`SELECT * FROM get_multipart_upload_urls('s', ARRAY[1])`.execute(db),
    ).rejects.toMatchObject({
      code: "42702",
    });

    const { ours } = await onBoth((trial) => initiate(trial));
    // Part numbers are signed over HTTP, at this path: packages/storage/test/describe-uploads.ts.
    expect(ours).toMatchObject({
      upload_method: "direct",
      upload_url: expect.stringMatching(/^\/v1\/uploads\//),
    });
  });

  it("defect 11: no plan has more parts than a store takes", async () => {
    const { specification, ours } = await onBoth(async (trial) => {
      await allowLargest(trial);
      await initiated(trial, { size: 200_000_000_000 });
      return rowsOf(
        trial.db,
        sql<{ parts: number; size: number }>`
        SELECT total_chunks AS parts, chunk_size AS size FROM multipart_uploads`,
      );
    });
    expect(specification).toEqual([{ parts: 19_074, size: 10_485_760 }]);
    expect(ours).toEqual([{ parts: 9_537, size: 20_971_520 }]);
  });

  it("defect 11: what is more than one PUT may carry goes in parts, whatever was asked for", async () => {
    const { specification, ours } = await onBoth(async (trial) => {
      await allowLargest(trial);
      return (await initiated(trial, { size: 10_000_000_000, useMultipart: false })).upload_method;
    });
    expect(specification).toBe("direct");
    expect(ours).toBe("multipart");
  });

  it.each([0, -5])("defect 11: a file of %d bytes is refused", async (size) => {
    const { specification, ours } = await onBoth((trial) => initiate(trial, { size }));
    expect(specification).toMatchObject({ upload_method: "direct" });
    expect(ours).toBe("AT002");
  });

  it("defect 14: nothing invented is handed out: no URL without a bucket and a signature, no upload id", async () => {
    const { specification, ours } = await onBoth(async (trial) => {
      const { upload_url, multipart_session_id } = await initiated(trial, { size: 50_000_000 });
      const single = await initiated(trial);
      const [session] = await rowsOf(
        trial.db,
        sql<{ id: string | null }>`
          SELECT spaces_upload_id AS id FROM multipart_uploads WHERE upload_session_id = ${multipart_session_id}`,
      );
      return {
        url: upload_url.replace(multipart_session_id ?? "?", "<session>"),
        singleUrl: single.upload_url.replace(single.multipart_session_id ?? "?", "<session>"),
        uploadId: session?.id,
      };
    });
    expect(specification.url).toBe("multipart_session_created");
    expect(specification.singleUrl).toMatch(/digitaloceanspaces\.com\/audio\/uploads\/[^?]+$/);
    expect(specification.singleUrl).not.toContain("audiotricks-test");
    expect(specification.uploadId).toMatch(/^do_spaces_upload_/);
    // Signed URLs and upload ids come with the first call to that path: packages/storage/src/s3/presign.test.ts.
    expect(ours).toEqual({
      url: "/v1/uploads/<session>",
      singleUrl: "/v1/uploads/<session>",
      uploadId: null,
    });
  });

  it("defect 23: every content type has a place, and an unknown one is refused by name", async () => {
    const { specification, ours } = await onBoth(async (trial) => [
      pathOf(await initiate(trial, { contentType: "backup", name: "users.dump" })),
      pathOf(await initiate(trial, { contentType: "video" })),
    ]);
    expect(specification).toEqual([expect.stringMatching(/^misc\//), "23514"]);
    expect(ours).toEqual([expect.stringMatching(/^backups\/user-data\/[0-9a-f-]{36}\.dump$/), "AT004"]);
  });

  it("defect 27: no URL is kept that a change of region or CDN makes stale", async () => {
    const { specification, ours } = await onBoth(async (trial) => {
      await sql`UPDATE storage_providers SET cdn_endpoint = 'cdn.example.com', cdn_enabled = true`.execute(
        trial.db,
      );
      const { file_storage_id: id } = await initiated(trial);
      const [file] = await rowsOf(
        trial.db,
        sql<{ url: string; cdn: string | null }>`
          SELECT replace(storage_url, ${id}, '<file>') AS url, cdn_url AS cdn FROM file_storage WHERE id = ${id}`,
      );
      return file;
    });
    // A private file, on the CDN for everyone.
    expect(specification).toEqual({
      url: expect.stringContaining("nyc3.digitaloceanspaces.com/"),
      cdn: expect.stringMatching(/^https:\/\/cdn\.example\.com\//),
    });
    expect(ours).toEqual({ url: "/v1/files/<file>/content", cdn: null });
  });
});
