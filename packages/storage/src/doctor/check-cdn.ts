import { randomUUID } from "node:crypto";
import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { TEMPORARY_PREFIX } from "../object-key.ts";
import { ANSWER_TIMEOUT_MS, type BucketFinding, type Patient } from "./bucket-finding.ts";

/** Whether the CDN's name leads to this bucket: one public object is put there, asked for by way of it, and taken away. */
export async function checkCdn({ client, address, cdnEndpoint }: Patient): Promise<BucketFinding[]> {
  if (cdnEndpoint === undefined) return [];
  const at = { Bucket: address.bucket, Key: `${TEMPORARY_PREFIX}check-${randomUUID()}` };
  const content = randomUUID();
  const put = new PutObjectCommand({ ...at, Body: content, ACL: "public-read", ContentType: "text/plain" });
  // Without the right to write, that is the finding.
  const isThere = await client.send(put).then(
    () => true,
    () => false,
  );
  if (!isThere) return [];
  try {
    const base = cdnEndpoint.includes("://") ? cdnEndpoint : `https://${cdnEndpoint}`;
    const answer = await fetch(`${base.replace(/\/$/, "")}/${at.Key}`, {
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    if ((await answer.text()) === content) return [];
    return [
      {
        code: "cdn_foreign",
        what: `${cdnEndpoint} does not serve what is in bucket ${address.bucket}: it answers ${answer.status}.`,
        breaks:
          "Public files cannot be played; if the name is nobody's any more, whoever takes it serves your users what they like.",
        mend: "Point the name at this bucket's CDN endpoint, or take it out of the provider.",
      },
    ];
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    const reason = cause instanceof Error && "code" in cause ? String(cause.code) : "no answer";
    return [
      {
        code: "cdn_unreachable",
        what: `${cdnEndpoint} cannot be reached: ${reason}.`,
        breaks: "Public files cannot be played.",
        mend: "Look at the name in DNS and, where the reason speaks of a certificate, at the one that the CDN has for it.",
      },
    ];
  } finally {
    await client.send(new DeleteObjectCommand(at)).catch(() => undefined);
  }
}
