import { createHash, randomUUID } from "node:crypto";
import { DeleteObjectCommand } from "@aws-sdk/client-s3";
import { TEMPORARY_PREFIX } from "../object-key.ts";
import { createPresigner } from "../s3/presign.ts";
import { ANSWER_TIMEOUT_MS, type BucketFinding, type Patient } from "./bucket-finding.ts";

const BODY = Buffer.from("doctor");
const URL_LIFE_SECONDS = 60;

/** For each origin what a page there does for one part: the preflight, and the signed PUT with its checksum. */
export async function checkAsBrowser(patient: Patient): Promise<BucketFinding[]> {
  const findings: BucketFinding[] = [];
  for (const origin of patient.origins) findings.push(...(await sendOne(patient, origin)));
  return findings;
}

async function sendOne(patient: Patient, origin: string): Promise<BucketFinding[]> {
  const { client, address, region, credentials } = patient;
  const key = `${TEMPORARY_PREFIX}check-${randomUUID()}`;
  // Dated by the store's clock, as far as the client has learned of it: a skewed one is another check's finding.
  const at = () => new Date(Date.now() + client.config.systemClockOffset);
  const presigner = createPresigner({ ...address, region, credentials, now: at });
  const url = presigner.putObject({ key, size: BODY.length, expiresIn: URL_LIFE_SECONDS });
  const preflight = await ask(url, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "PUT",
      "access-control-request-headers": "content-md5",
    },
  });
  if (preflight.answer?.ok !== true || !letsRead(preflight.answer, origin))
    return [
      {
        code: "preflight_refused",
        what: `The preflight of a page at ${origin} is answered ${preflight.said} and does not let it in.`,
        breaks: `Browsers send nothing from ${origin}: people there see a network error.`,
        mend: "Look at the bucket's CORS rules (doctor --fix), and at proxies before the store that take OPTIONS for themselves.",
      },
    ];
  const put = await ask(url, {
    method: "PUT",
    headers: { origin, "content-md5": createHash("md5").update(BODY).digest("base64") },
    body: BODY,
  });
  if (put.answer?.ok !== true)
    return [
      {
        code: "signed_put_refused",
        what: `A signed PUT from ${origin} is answered ${put.said}.`,
        breaks: "Nobody can upload, though servers can reach the bucket.",
        mend: "Look at the key's rights, the region that is signed for, this machine's clock, and proxies that change the host or the path.",
      },
    ];
  // What cannot be deleted is a finding about the key's rights, and the lifecycle takes it.
  await client.send(new DeleteObjectCommand({ Bucket: address.bucket, Key: key })).catch(() => undefined);
  const exposed = (put.answer.headers.get("access-control-expose-headers") ?? "").toLowerCase();
  if (letsRead(put.answer, origin) && /(^|[\s,])(etag|\*)($|[\s,])/.test(exposed)) return [];
  return [
    {
      code: "etag_hidden",
      what: `The answer to a signed PUT does not let ${origin} read ETag.`,
      breaks:
        "Pages cannot tell which parts have arrived: uploads there send them again, or stay unfinished.",
      mend: "Expose ETag in the bucket's CORS rule for that origin (doctor --fix).",
    },
  ];
}

function letsRead(answer: Response, origin: string): boolean {
  return [origin, "*"].includes(answer.headers.get("access-control-allow-origin") ?? "");
}

async function ask(
  url: string,
  request: RequestInit,
): Promise<{ answer: Response | undefined; said: string }> {
  try {
    const answer = await fetch(url, {
      ...request,
      redirect: "manual",
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    await answer.body?.cancel();
    return { answer, said: String(answer.status) };
  } catch {
    return { answer: undefined, said: "by nobody" };
  }
}
