import { CopyObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { objectHeadersOf } from "../object-headers.ts";
import { callS3, type S3Connection } from "./s3-connection.ts";
import { storageUnavailable } from "./s3-failure.ts";
import { uriEncodePath } from "./uri-encode.ts";

/**
 * What became of a copy that was to be of certain bytes: `changed` if the source has others, `gone` if it is not there.
 * `unknown` does not prove that the copy is not there.
 */
type CopyAnswer = "copied" | "changed" | "gone" | "unknown";

/** Copies an object of this bucket, at most 5 GB, if its ETag is `etag`. Sent once; only where `honoursCopyCondition`. */
export async function copyObject(
  s3: S3Connection,
  copy: { key: string; from: string; etag: string; contentType: string },
): Promise<CopyAnswer> {
  const { key, from, etag, contentType } = copy;
  const command = new CopyObjectCommand({
    Bucket: s3.bucket,
    Key: key,
    CopySource: `${s3.bucket}/${uriEncodePath(from)}`,
    CopySourceIfMatch: `"${etag}"`,
    MetadataDirective: "REPLACE",
    ContentType: contentType,
    ...objectHeadersOf(key),
  });
  // Ceph knows the condition by a name of its own, and takes no notice of S3's.
  command.middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { headers: Record<string, string> };
      headers["x-amz-copy-if-match"] = `"${etag}"`;
      return next(args);
    },
    { step: "build" },
  );
  return callS3(s3, {
    type: "copy",
    name: "CopyObject",
    httpMethod: "PUT",
    key,
    send: () => s3.onceClient.send(command, { requestTimeout: s3.completionLimitMs }),
    result: (): CopyAnswer => "copied",
    failed: ({ status, code }) => {
      if (status === 412) return "changed";
      return code === "NoSuchKey" ? "gone" : "unknown";
    },
  });
}

const answers = new WeakMap<S3Client, Promise<boolean>>();

/**
 * Whether the store refuses to copy an object whose ETag is another than was asked for. Found out once for a connection,
 * by a copy of `from` onto itself that must be refused: where it is not, nothing has changed.
 *
 * @throws {UploadError} `storage_unavailable` if that cannot be told now.
 */
export function honoursCopyCondition(s3: S3Connection, from: string): Promise<boolean> {
  const known = answers.get(s3.client);
  if (known !== undefined) return known;
  const asked = ask(s3, from);
  answers.set(s3.client, asked);
  // What could not be told is asked again.
  asked.catch(() => answers.delete(s3.client));
  return asked;
}

async function ask(s3: S3Connection, from: string): Promise<boolean> {
  const contentType = "application/octet-stream";
  const answer = await copyObject(s3, { key: from, from, etag: "0".repeat(32), contentType });
  if (answer === "unknown" || answer === "gone") {
    throw storageUnavailable("CopyObject", { code: answer, status: undefined, requestId: undefined });
  }
  return answer === "changed";
}
