import { GetBucketVersioningCommand, type S3Client } from "@aws-sdk/client-s3";
import { callS3, type S3Connection } from "./s3-connection.ts";

/** Someone may switch it on at any time. */
const ASK_AGAIN_AFTER_MS = 60_000;

const answers = new WeakMap<S3Client, { askedAt: number; answer: Promise<boolean> }>();

/**
 * Whether the bucket keeps versions, or may have some from a time when it did. Where the key may not ask, it may: looking
 * for versions that are not there costs a call, leaving some behind costs their keep for good.
 */
export function keepsVersions(s3: S3Connection): Promise<boolean> {
  const known = answers.get(s3.client);
  if (known !== undefined && Date.now() - known.askedAt < ASK_AGAIN_AFTER_MS) return known.answer;
  const answer = ask(s3);
  answers.set(s3.client, { askedAt: Date.now(), answer });
  return answer;
}

function ask(s3: S3Connection): Promise<boolean> {
  return callS3(s3, {
    type: "head",
    name: "GetBucketVersioning",
    httpMethod: "GET",
    key: null,
    send: () => s3.client.send(new GetBucketVersioningCommand({ Bucket: s3.bucket })),
    result: ({ Status }) => Status !== undefined,
    failed: () => true,
  });
}
