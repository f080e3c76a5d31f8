import { sql } from "kysely";
import { describe } from "vitest";
import { addFile, addProvider, addUser, defect, initiate, outcomeOf, scalar } from "./defect.ts";

describe("Initiation: the specification's SQL and ours", () => {
  defect(
    5,
    "only a real extension gets into an object's key",
    async (db) => {
      await addProvider(db);
      const user = await addUser(db);
      const ending = async (name: string) => {
        try {
          const { storage_path: path } = await initiate(db, { name, user, contentType: "export_file" });
          return /[0-9a-f-]{36}(.*)$/.exec(path)?.[1];
        } catch (error) {
          return (error as { code?: string }).code;
        }
      };
      return [
        await ending("all.tar.gz"),
        await ending("readme"),
        await ending("uuid../a"),
        await ending("A.PDF"),
      ];
    },
    {
      specification: [".r.gz", ".adme", "../a", ".pdf"],
      ours: [".gz", "AT004", "AT004", ".pdf"],
    },
  );

  // Signing of parts: packages/storage/src/s3/presign.test.ts.
  defect(
    9,
    "what SQL callers call can be called",
    async (db, side) => {
      const provider = await addProvider(db);
      const user = await addUser(db);
      const outcome = await outcomeOf(initiate(db, { user }));
      if (side === "ours") return [outcome];
      const file = await addFile(db, { provider, user, status: "uploading" });
      await sql`INSERT INTO multipart_uploads (upload_session_id, file_storage_id, spaces_upload_id, original_filename,
        total_file_size, total_chunks, user_id) VALUES ('s', ${file}, 'u', 'a.mp3', 100, 1, ${user})`.execute(
        db,
      );
      return [
        outcome,
        await outcomeOf(sql`SELECT * FROM get_multipart_upload_urls('s', ARRAY[1])`.execute(db)),
      ];
    },
    // URLs are signed by the server: ours has no such function to fail.
    { specification: ["42804", "42702"], ours: ["ok"] },
    { asWritten: true },
  );

  defect(
    11,
    "every size is cut into what the store takes, and no size below one is taken",
    async (db) => {
      await addProvider(db, { maxFileSize: 5_000_000_000_000 });
      const user = await addUser(db);
      await initiate(db, { user, size: 200_000_000_000 });
      const parts = await scalar(
        db,
        sql<{ value: number }>`SELECT total_chunks AS value FROM multipart_uploads`,
      );
      const { upload_method: tenGigabytes } = await initiate(db, {
        user,
        size: 10_000_000_000,
        multipart: false,
      });
      const refusals = [
        await outcomeOf(initiate(db, { user, size: 0 })),
        await outcomeOf(initiate(db, { user, size: -5 })),
      ];
      return { parts, tenGigabytes, refusals };
    },
    {
      specification: { parts: 19074, tenGigabytes: "direct", refusals: ["ok", "ok"] },
      ours: { parts: 9537, tenGigabytes: "multipart", refusals: ["AT002", "AT002"] },
    },
  );

  // Signed URLs, byte for byte as the AWS SDK makes them: packages/storage/src/s3/presign.test.ts.
  defect(
    14,
    "no address is handed out that cannot work, and no upload id is made up",
    async (db) => {
      await addProvider(db, { bucket: "the-bucket" });
      const user = await addUser(db);
      const large = await initiate(db, { user, size: 20 * 1024 ** 2 });
      const small = await initiate(db, { user, multipart: false });
      const url = await scalar(
        db,
        sql<{ value: string }>`SELECT storage_url AS value FROM file_storage LIMIT 1`,
      );
      return {
        isStoreUrlWithoutBucket:
          small.upload_url.startsWith("https:") && !small.upload_url.includes("the-bucket"),
        wayOn: small.upload_url
          .replace(small.multipart_session_id ?? "none", "<session>")
          .replace(/^https:.*/, "a URL"),
        fileUrl: (url ?? "").replace(/[0-9a-f-]{36}/, "<file>").replace(/^https:.*/, "a URL"),
        isUploadIdKnown:
          (await scalar(
            db,
            sql<{ value: boolean }>`SELECT bool_or(spaces_upload_id IS NOT NULL) AS value
            FROM multipart_uploads WHERE file_storage_id = ${large.file_storage_id}`,
          )) ?? null,
      };
    },
    {
      specification: {
        isStoreUrlWithoutBucket: true,
        wayOn: "a URL",
        fileUrl: "a URL",
        isUploadIdKnown: true,
      },
      ours: {
        isStoreUrlWithoutBucket: false,
        wayOn: "/v1/uploads/<session>",
        fileUrl: "/v1/files/<file>/content",
        isUploadIdKnown: false,
      },
    },
  );

  defect(
    23,
    "every kind of content has a place, and no other kind is heard of",
    async (db) => {
      await addProvider(db);
      const user = await addUser(db);
      const { storage_path: backup } = await initiate(db, { user, name: "a.gz", contentType: "backup" });
      return [backup.split("/")[0], await outcomeOf(initiate(db, { user, contentType: "ringtone" }))];
    },
    { specification: ["misc", "23514"], ours: ["backups", "AT004"] },
  );
});
