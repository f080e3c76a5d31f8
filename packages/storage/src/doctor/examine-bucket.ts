import { createBucketClient } from "../providers/bucket-client.ts";
import type { Provider } from "../providers/provider.ts";
import { describeFailure } from "../s3/s3-failure.ts";
import type { BucketFinding, Patient } from "./bucket-finding.ts";
import { checkAsBrowser } from "./check-as-browser.ts";
import { checkBucket, checkClock } from "./check-bucket.ts";
import { checkCdn } from "./check-cdn.ts";
import { checkCertificates } from "./check-certificates.ts";
import { checkCors } from "./check-cors.ts";
import { checkLifecycle } from "./check-lifecycle.ts";
import { checkRights } from "./check-rights.ts";
import { checkStrangers } from "./check-strangers.ts";

export interface Examination {
  /** What there is now, after what could be mended was. */
  findings: Omit<BucketFinding, "fix">[];
  /** What there was, was mended, and is not seen any more. */
  fixed: Omit<BucketFinding, "fix">[];
  /** Mends that the store refused, with its answer. */
  refusedFixes: { code: BucketFinding["code"]; answer: string }[];
}

/**
 * Looks at everything about a bucket that uploads need, with the key that servers use. Leaves no object behind.
 *
 * @param options.origins Exact origins of pages that upload.
 * @param options.fix Mend what can be mended, and look again.
 */
export async function examineBucket(
  provider: Pick<Provider, "endpoint" | "bucket" | "region" | "forcePathStyle" | "credentials"> &
    Partial<Pick<Provider, "isPublicOnly">>,
  options: { origins: string[]; cdnEndpoint?: string | undefined; fix: boolean; now?: () => Date },
): Promise<Examination> {
  const { endpoint, bucket, region, forcePathStyle, credentials, isPublicOnly = false } = provider;
  const client = createBucketClient({
    endpoint,
    bucket,
    region,
    forcePathStyle,
    isPublicOnly,
    ...credentials,
  });
  const patient: Patient = {
    client,
    address: { endpoint, bucket, forcePathStyle },
    region,
    credentials,
    cdnEndpoint: options.cdnEndpoint,
    origins: options.origins,
    now: options.now ?? (() => new Date()),
  };
  try {
    const first = await examine(patient);
    if (!options.fix) return { findings: first.map(tell), fixed: [], refusedFixes: [] };
    return await mend(patient, first);
  } finally {
    client.destroy();
  }
}

/** A bucket that was just made has other things to mend: until nothing new can be. */
async function mend(patient: Patient, first: BucketFinding[]): Promise<Examination> {
  const seen = new Map(first.map((finding) => [keyOf(finding), finding]));
  const tried = new Set<string>();
  const refusedFixes: Examination["refusedFixes"] = [];
  let findings = first;
  for (;;) {
    const next = findings.find((finding) => finding.fix !== undefined && !tried.has(finding.code));
    if (next?.fix === undefined) break;
    tried.add(next.code);
    try {
      await next.fix();
    } catch (error) {
      const { status, code } = describeFailure(error);
      refusedFixes.push({ code: next.code, answer: `${status ?? ""} ${code}`.trim() });
      continue;
    }
    findings = await examine(patient);
    for (const finding of findings) seen.set(keyOf(finding), finding);
  }
  const left = new Set(findings.map(keyOf));
  const fixed = [...seen.values()].filter((finding) => !left.has(keyOf(finding)));
  return { findings: findings.map(tell), fixed: fixed.map(tell), refusedFixes };
}

async function examine(patient: Patient): Promise<BucketFinding[]> {
  const certificates = await checkCertificates(patient);
  const findings = await checkBucket(patient);
  if (findings.length > 0) return [...findings, ...certificates];
  // One after another: they write to the same bucket, and each other's objects would be in the way.
  for (const check of [
    checkClock,
    checkRights,
    checkCors,
    checkAsBrowser,
    checkLifecycle,
    checkStrangers,
    checkCdn,
  ])
    findings.push(...(await check(patient)));
  return [...findings, ...certificates];
}

function keyOf({ code, what }: BucketFinding): string {
  return `${code} ${what}`;
}

function tell({ code, what, breaks, mend }: BucketFinding): Omit<BucketFinding, "fix"> {
  return { code, what, breaks, mend };
}
