import { GetBucketVersioningCommand, type S3Client } from "@aws-sdk/client-s3";
import { callS3, type S3Connection } from "./s3-connection.ts";

/** Someone may switch it on at any time. */
const ASK_AGAIN_AFTER_MS = 60_000;

/** `kept` also where it once was: what was kept then is still there. `unknown` where the key may not ask. */
export type Versioning = "kept" | "never" | "unknown";

const answers = new WeakMap<S3Client, { askedAt: number; answer: Promise<Versioning> }>();

/** Whether objects of the bucket may have versions. */
export function findVersioning(s3: S3Connection): Promise<Versioning> {
  const known = answers.get(s3.client);
  if (known !== undefined && Date.now() - known.askedAt < ASK_AGAIN_AFTER_MS) return known.answer;
  const answer = ask(s3);
  answers.set(s3.client, { askedAt: Date.now(), answer });
  return answer;
}

function ask(s3: S3Connection): Promise<Versioning> {
  return callS3(s3, {
    type: "head",
    name: "GetBucketVersioning",
    httpMethod: "GET",
    key: null,
    send: () => s3.client.send(new GetBucketVersioningCommand({ Bucket: s3.bucket })),
    result: ({ Status }): Versioning => (Status === undefined ? "never" : "kept"),
    failed: () => "unknown",
  });
}
