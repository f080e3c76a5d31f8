import { PutObjectAclCommand } from "@aws-sdk/client-s3";
import { callS3, type S3Connection } from "./s3-connection.ts";

/** `refused`: nothing has changed, and asking again will not help; `unknown`: it may have been done, or be done later. */
export type AclAnswer = "set" | "gone" | "refused" | "unknown";

const REFUSALS: readonly (number | undefined)[] = [400, 403, 405, 501];

/** Says who may read an object without a signature. Sent once: of two that cross, the later need not be the last. */
export async function putObjectAcl(
  s3: S3Connection,
  { key, acl }: { key: string; acl: "private" | "public-read" },
): Promise<AclAnswer> {
  return callS3(s3, {
    type: "copy",
    name: "PutObjectAcl",
    httpMethod: "PUT",
    key,
    send: () => s3.onceClient.send(new PutObjectAclCommand({ Bucket: s3.bucket, Key: key, ACL: acl })),
    result: (): AclAnswer => "set",
    failed: ({ status }) => {
      if (status === 404) return "gone";
      return REFUSALS.includes(status) ? "refused" : "unknown";
    },
  });
}
