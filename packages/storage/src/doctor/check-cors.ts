import { type CORSRule, GetBucketCorsCommand, PutBucketCorsCommand } from "@aws-sdk/client-s3";
import { originsOfOurCors, withOurCors } from "../providers/bucket-rules.ts";
import { describeFailure } from "../s3/s3-failure.ts";
import type { BucketFinding, Patient } from "./bucket-finding.ts";

/**
 * The rules as they are written; what the store makes of them is another check's. A key that may not read them is no finding:
 * at run time nobody does.
 */
export async function checkCors(patient: Patient): Promise<BucketFinding[]> {
  const rules = await readCorsRules(patient).catch(() => undefined);
  if (rules === undefined) return [];
  const missing = findOriginsWithout(rules, patient.origins);
  const findings: BucketFinding[] = [];
  if (missing.length > 0)
    findings.push({
      code: "cors_missing",
      what: `No CORS rule lets ${missing.join(" and ")} send parts with any header and read ETag.`,
      breaks:
        "Browsers refuse to upload from those pages: people see a network error, and files never finish.",
      mend: "doctor --fix adds the rule, before those that are there; it wants a key that may.",
      fix: () =>
        patient.client.send(
          new PutBucketCorsCommand({
            Bucket: patient.address.bucket,
            CORSConfiguration: {
              CORSRules: withOurCors(rules, [...(originsOfOurCors(rules) ?? []), ...missing]),
            },
          }),
        ),
    });
  if (rules.some((rule) => rule.AllowedOrigins?.includes("*") === true && allows(rule.AllowedMethods, "PUT")))
    findings.push({
      code: "cors_too_wide",
      what: "A CORS rule lets every page on the web send to the bucket.",
      breaks:
        "Nothing by itself; a signed URL that leaks can be used from any page, in any visitor's browser.",
      mend: "Name the exact origins of your pages in that rule, in the vendor's panel.",
    });
  return findings;
}

/** @throws What the SDK throws where the key may not. */
export async function readCorsRules({
  client,
  address,
}: Pick<Patient, "client" | "address">): Promise<CORSRule[]> {
  try {
    const { CORSRules = [] } = await client.send(new GetBucketCorsCommand({ Bucket: address.bucket }));
    return CORSRules;
  } catch (error) {
    if (describeFailure(error).status === 404) return [];
    throw error;
  }
}

/** Those whose pages no rule lets send. */
export function findOriginsWithout(rules: readonly CORSRule[], origins: readonly string[]): string[] {
  return origins.filter((origin) => !rules.some((rule) => isEnough(rule, origin)));
}

function isEnough(rule: CORSRule, origin: string): boolean {
  return (
    allows(rule.AllowedOrigins, origin) &&
    ["GET", "HEAD", "PUT", "POST"].every((method) => rule.AllowedMethods?.includes(method)) &&
    allows(rule.AllowedHeaders, "content-md5") &&
    allows(rule.ExposeHeaders, "etag")
  );
}

/** As the store compares: `*` in a rule stands for anything. */
function allows(patterns: string[] | undefined, value: string): boolean {
  return (patterns ?? []).some((pattern) => {
    const [start = "", end] = pattern.toLowerCase().split("*");
    if (end === undefined) return start === value.toLowerCase();
    return (
      value.length >= start.length + end.length &&
      value.toLowerCase().startsWith(start) &&
      value.toLowerCase().endsWith(end)
    );
  });
}
