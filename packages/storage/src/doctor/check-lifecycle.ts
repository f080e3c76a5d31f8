import {
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
} from "@aws-sdk/client-s3";
import { FINAL_PREFIXES, TEMPORARY_PREFIX } from "../object-key.ts";
import { LIFECYCLE_RULES } from "../providers/bucket-rules.ts";
import { describeFailure } from "../s3/s3-failure.ts";
import type { BucketFinding, Patient } from "./bucket-finding.ts";

/** Sessions live for a day; a store's day may end early. */
const SHORTEST_DAYS = 2;

/** Rules that should be there, and rules that must not. A key that may not read them is no finding. */
export async function checkLifecycle(patient: Patient): Promise<BucketFinding[]> {
  const rules = await readLifecycleRules(patient).catch(() => undefined);
  if (rules === undefined) return [];
  const findings = rules.filter(isEnabled).flatMap(judge);
  const { missing, withMissing } = findMissingRules(rules);
  if (missing.length > 0)
    findings.push({
      code: "lifecycle_missing",
      what: `No lifecycle rule does what ${missing.map(({ ID }) => ID).join(" and ")} should.`,
      breaks: "While servers are down, what ended uploads leave behind stays, and is billed.",
      mend: "doctor --fix adds the rule and leaves the others as they are; it wants a key that may.",
      fix: () =>
        patient.client.send(
          new PutBucketLifecycleConfigurationCommand({
            Bucket: patient.address.bucket,
            LifecycleConfiguration: { Rules: withMissing },
          }),
        ),
    });
  return findings;
}

/** @throws What the SDK throws where the key may not. */
export async function readLifecycleRules({
  client,
  address,
}: Pick<Patient, "client" | "address">): Promise<LifecycleRule[]> {
  try {
    const { Rules = [] } = await client.send(
      new GetBucketLifecycleConfigurationCommand({ Bucket: address.bucket }),
    );
    return Rules;
  } catch (error) {
    if (describeFailure(error).status === 404) return [];
    throw error;
  }
}

/** Of ours, what no rule does, and all rules with them: those of others stay. */
export function findMissingRules(rules: readonly LifecycleRule[]): {
  missing: LifecycleRule[];
  withMissing: LifecycleRule[];
} {
  const missing = LIFECYCLE_RULES.filter(
    (rule) => !rules.filter(isEnabled).some((there) => does(there, rule)),
  );
  const ids = new Set<string | undefined>(missing.map(({ ID }) => ID));
  return { missing, withMissing: [...rules.filter(({ ID }) => !ids.has(ID)), ...missing] };
}

function isEnabled({ Status }: LifecycleRule): boolean {
  return Status === "Enabled";
}

/** A person wrote it: only a person takes it away. */
function judge(rule: LifecycleRule): BucketFinding[] {
  const prefix = prefixOf(rule);
  const name = rule.ID ?? `for "${prefix}"`;
  const mend = "Take the rule away, or narrow its prefix, in the vendor's panel.";
  if (rule.Expiration?.Days !== undefined || rule.Expiration?.Date !== undefined) {
    const files = FINAL_PREFIXES.filter((ours) => overlap(prefix, ours));
    if (files.length > 0)
      return [
        {
          code: "lifecycle_deletes_files",
          what: `Lifecycle rule ${name} deletes objects under ${files.join(", ")}.`,
          breaks: "Users lose files that they were told are stored, without a trace in the database.",
          mend,
        },
      ];
  }
  const days = [
    overlap(prefix, TEMPORARY_PREFIX) ? rule.Expiration?.Days : undefined,
    rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation,
  ].filter((limit) => limit !== undefined);
  if (days.every((limit) => limit >= SHORTEST_DAYS)) return [];
  return [
    {
      code: "lifecycle_ends_uploads",
      what: `Lifecycle rule ${name} ends uploads after less than ${SHORTEST_DAYS} days.`,
      breaks: "Uploads that people paused can be lost within the day that they were promised.",
      mend: `${mend.slice(0, -1)}; or give it ${SHORTEST_DAYS} days or more.`,
    },
  ];
}

function prefixOf(rule: LifecycleRule): string {
  return rule.Filter?.Prefix ?? rule.Filter?.And?.Prefix ?? (rule as { Prefix?: string }).Prefix ?? "";
}

function overlap(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one);
}

function does(there: LifecycleRule, wanted: (typeof LIFECYCLE_RULES)[number]): boolean {
  if (!wanted.Filter.Prefix.startsWith(prefixOf(there))) return false;
  return "Expiration" in wanted
    ? there.Expiration?.Days !== undefined
    : there.AbortIncompleteMultipartUpload?.DaysAfterInitiation !== undefined;
}
