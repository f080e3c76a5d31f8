import { randomUUID } from "node:crypto";
import { DeleteObjectCommand, PutBucketAclCommand, PutObjectCommand } from "@aws-sdk/client-s3";
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
  if (await isReadable(client, address))
    findings.push({
      code: "reading_public",
      what: "Anybody can read a private object, without a key.",
      breaks: "Strangers who learn the key of a private file can play it, and no sharing can be taken back.",
      mend: "A bucket policy allows it: take the statement away that lets everybody GetObject. Public files need none, they are public by their own ACL.",
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

/** Of an object that is private as files are. Without the right to write nobody can tell. */
async function isReadable(client: Patient["client"], address: Patient["address"]): Promise<boolean> {
  const at = { Bucket: address.bucket, Key: `${TEMPORARY_PREFIX}check-${randomUUID()}` };
  const isThere = await client.send(new PutObjectCommand({ ...at, Body: "doctor" })).then(
    () => true,
    () => false,
  );
  if (!isThere) return false;
  const isAnybodys = await isAllowed(urlOf(address, at.Key), { method: "GET" });
  await client.send(new DeleteObjectCommand(at)).catch(() => undefined);
  return isAnybodys;
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
