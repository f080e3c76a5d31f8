import { OperatorError } from "../operator/operator-error.ts";
import { readObject } from "../proof/read-object.ts";
import { headObject, type ListedObject } from "../s3/objects.ts";
import type { S3Connection } from "../s3/s3-connection.ts";
import { readPieces } from "../scan/read-pieces.ts";
import { listDumpObjects } from "./find-dumps.ts";

/** Bytes of one request; one is read while another is used. */
const PIECE = 8 * 1024 * 1024;

/**
 * A dump of a bucket, as bytes. Nothing of it is proved: `openDump` does.
 *
 * @param from A key, or `latest`: the newest of the bucket, by its key. Of whichever deployment it is.
 * @throws {OperatorError} `dump_not_found`.
 */
export async function readDump(
  s3: S3Connection,
  from: string,
): Promise<{ key: string; size: number; bytes: AsyncIterable<Uint8Array> }> {
  const key = from === "latest" ? (await findLatest(s3))?.key : from;
  const head = key === undefined ? undefined : await headObject(s3, key);
  if (key === undefined || head === undefined)
    throw new OperatorError(
      "dump_not_found",
      from === "latest"
        ? `Bucket ${s3.bucket} has no dump of a database.`
        : `Bucket ${s3.bucket} has no object ${from}: backup list names those that there are.`,
    );
  return { key, size: head.size, bytes: readPieces(readObject(s3, key), head.size, PIECE) };
}

async function findLatest(s3: S3Connection): Promise<ListedObject | undefined> {
  let latest: ListedObject | undefined;
  // They come in the order of their times.
  for await (const object of listDumpObjects(s3)) latest = object;
  return latest;
}
