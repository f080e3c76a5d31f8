import { randomUUID } from "node:crypto";
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { TEMPORARY_PREFIX } from "../object-key.ts";
import { OperatorError } from "../operator/operator-error.ts";
import { describeFailure, type S3Failure } from "../s3/s3-failure.ts";
import { type BucketKey, createBucketClient } from "./bucket-client.ts";

/** What a key may not do, by S3's name for the call. */
interface RefusedCall extends S3Failure {
  call: string;
}

/** Tries at run time's calls with an object of its own, and takes it away again. Stops where no answer comes at all. */
export async function tryKey(client: S3Client, bucket: string): Promise<RefusedCall[]> {
  const key = `${TEMPORARY_PREFIX}check-${randomUUID()}`;
  const refused: RefusedCall[] = [];
  async function attempt<Output>(call: string, send: () => Promise<Output>): Promise<Output | undefined> {
    if (refused.some(({ status }) => status === undefined)) return undefined;
    try {
      return await send();
    } catch (error) {
      refused.push({ call, ...describeFailure(error) });
      return undefined;
    }
  }
  const at = { Bucket: bucket, Key: key };
  await attempt("ListObjects", () => client.send(new ListObjectsCommand({ Bucket: bucket, MaxKeys: 1 })));
  const put = await attempt("PutObject", () =>
    client.send(new PutObjectCommand({ ...at, Body: new Uint8Array([0]) })),
  );
  if (put !== undefined) {
    await attempt("GetObject", async () => {
      const { Body } = await client.send(new GetObjectCommand(at));
      await Body?.transformToByteArray();
    });
    await attempt("DeleteObject", () => client.send(new DeleteObjectCommand(at)));
  }
  const upload = await attempt("CreateMultipartUpload", () =>
    client.send(new CreateMultipartUploadCommand(at)),
  );
  await attempt("ListMultipartUploads", () =>
    client.send(new ListMultipartUploadsCommand({ Bucket: bucket, MaxUploads: 1 })),
  );
  if (upload?.UploadId !== undefined)
    await attempt("AbortMultipartUpload", () =>
      client.send(new AbortMultipartUploadCommand({ ...at, UploadId: upload.UploadId })),
    );
  return refused;
}

/**
 * Before a key is written down: one that does not work would fail every upload from then on.
 *
 * @throws {OperatorError} `key_refused`, naming the calls and the store's answers.
 */
export async function requireWorkingKey(key: BucketKey): Promise<void> {
  const client = createBucketClient(key);
  try {
    const refused = await tryKey(client, key.bucket);
    if (refused.length === 0) return;
    const answers = refused.map(({ call, status, code }) =>
      `${call} ${status ?? ""} ${code}`.replace("  ", " "),
    );
    throw new OperatorError(
      "key_refused",
      `Key ${key.accessKeyId} cannot do what uploads need in bucket ${key.bucket} at ${key.endpoint}: ${answers.join(", ")}. Nothing was changed; check key, secret, region and bucket, or give the key read, write and delete rights.`,
    );
  } finally {
    client.destroy();
  }
}
