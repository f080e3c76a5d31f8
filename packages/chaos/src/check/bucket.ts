import { createHash } from "node:crypto";
import { GetObjectCommand, ListMultipartUploadsCommand, paginateListObjectsV2 } from "@aws-sdk/client-s3";
import type { SentFile } from "../ledger.ts";
import type { Evidence } from "../open-site.ts";
import { COUNTED } from "../watch-counters.ts";

interface FileRow {
  id: string;
  status: string;
  name: string;
  size: string;
  key: string;
  sha256: string | null;
}

const AT_ONCE = 8;

/** 1, 5, 7, 10 and 11: the bucket has every promised file, byte for byte, and nothing else. */
export async function checkBucket({ pool, s3, bucket, ledger }: Evidence): Promise<void> {
  const { rows } = await pool.query<FileRow>(
    `SELECT id, status, original_filename AS name, file_size AS size, storage_path AS key, checksum_sha256 AS sha256
     FROM file_storage`,
  );
  const objects = new Map<string, number>();
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket: bucket }))
    for (const { Key = "", Size = 0 } of Contents) objects.set(Key, Size);
  const promised = new Map(
    rows.filter(({ status }) => COUNTED.includes(status)).map((row) => [row.key, row]),
  );
  const byKey = new Map(rows.map((row) => [row.key, row]));

  for (const key of objects.keys()) {
    const row = byKey.get(key);
    if (!promised.has(key))
      ledger.wrong(
        `5: ${key} is left at the store, and ${row === undefined ? "no row knows it" : `its row is ${row.status}`}`,
      );
  }
  for (const { id, status } of rows)
    if (status === "uploading" || status === "deleting") ledger.wrong(`5: file ${id} is ${status} for ever`);
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
  for (const { Key = "", UploadId } of Uploads)
    ledger.wrong(
      `5: upload ${UploadId} of ${Key} is left at the store, its row is ${byKey.get(Key)?.status}`,
    );

  const left = [...promised.values()];
  const work = async (): Promise<void> => {
    for (let row = left.pop(); row !== undefined; row = left.pop()) {
      const file = ledger.files.get(row.name);
      if (file === undefined) ledger.wrong(`1: file ${row.id} is called ${row.name}, which nobody sent`);
      else if (!objects.has(row.key))
        ledger.wrong(`1: ${row.name} is ${row.status}, and ${row.key} is not there`);
      else await checkBytes(row, file);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  ledger.count("objects read back", promised.size);

  async function checkBytes(row: FileRow, file: SentFile): Promise<void> {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: row.key }));
    const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    if (Number(row.size) !== file.size || bytes.length !== file.size)
      ledger.wrong(
        `1: ${row.name} has ${bytes.length} bytes, its row says ${row.size}, ${file.size} were sent`,
      );
    else if (sha256 !== file.sha256)
      ledger.wrong(`10: ${row.name} at ${row.key} has other bytes than were sent`);
    if (row.sha256 !== null && row.sha256 !== file.sha256)
      ledger.wrong(`10: the row of ${row.name} has another SHA-256 than what was sent`);
  }
}
