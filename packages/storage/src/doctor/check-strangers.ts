import { randomUUID } from "node:crypto";
import { DeleteObjectCommand, PutBucketAclCommand } from "@aws-sdk/client-s3";
import { TEMPORARY_PREFIX } from "../object-key.ts";
import { urlOf } from "../s3/bucket-address.ts";
import { ANSWER_TIMEOUT_MS, type BucketFinding, type Patient } from "./bucket-finding.ts";

/** What somebody without any key may do: ACL and policy together, as they work and not as they are written. */
export async function checkStrangers({ client, address }: Patient): Promise<BucketFinding[]> {
  const Bucket = address.bucket;
  const findings: BucketFinding[] = [];
  const mend =
    "doctor --fix makes the bucket's ACL private; if it stays so, a bucket policy allows it: take that statement away.";
  const fix = () => client.send(new PutBucketAclCommand({ Bucket, ACL: "private" }));
  if (await isAllowed(urlOf(address, ""), { method: "GET" }))
    findings.push({
      code: "listing_public",
      what: "Anybody can list the bucket, without a key.",
      breaks: "Strangers learn the key of every file of every user.",
      mend,
      fix,
    });
  const key = `${TEMPORARY_PREFIX}check-${randomUUID()}`;
  if (await isAllowed(urlOf(address, key), { method: "PUT", body: "doctor" })) {
    await client.send(new DeleteObjectCommand({ Bucket, Key: key })).catch(() => undefined);
    findings.push({
      code: "writing_public",
      what: "Anybody can write to the bucket, without a key.",
      breaks: "Strangers can overwrite users' files, and fill the bucket at your expense.",
      mend,
      fix,
    });
  }
  return findings;
}

async function isAllowed(url: string, request: RequestInit): Promise<boolean> {
  try {
    const answer = await fetch(url, {
      ...request,
      redirect: "manual",
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}
