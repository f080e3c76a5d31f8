import type { CORSRule, LifecycleRule } from "@aws-sdk/client-s3";
import { TEMPORARY_PREFIX } from "../object-key.ts";

/** Ours among a bucket's rules. */
const CORS_ID = "audiotricks-uploads";

/** What a page needs to send parts and to read what came of them. */
const OUR_SHAPE = {
  AllowedMethods: ["GET", "HEAD", "PUT", "POST"],
  AllowedHeaders: ["*"],
  ExposeHeaders: ["ETag"],
  MaxAgeSeconds: 3600,
};

/** By its name; or without one and just as we make it, from a release that gave none or by a store that keeps none. */
function isOurs(rule: CORSRule): boolean {
  if (rule.ID) return rule.ID === CORS_ID;
  const { AllowedMethods, AllowedHeaders, ExposeHeaders } = OUR_SHAPE;
  return (
    sameSet(rule.AllowedMethods ?? [], AllowedMethods) &&
    sameSet(rule.AllowedHeaders ?? [], AllowedHeaders) &&
    sameSet(rule.ExposeHeaders ?? [], ExposeHeaders)
  );
}

/** Those that are there, with ours for exactly these origins before them: somebody made the others for a reason. */
export function withOurCors(rules: readonly CORSRule[], allowedOrigins: string[]): CORSRule[] {
  const ours = { ID: CORS_ID, AllowedOrigins: allowedOrigins, ...OUR_SHAPE };
  return [ours, ...rules.filter((rule) => !isOurs(rule))];
}

/** Origins of our rule, or of all that are; `undefined` where there is none. */
export function originsOfOurCors(rules: readonly CORSRule[]): string[] | undefined {
  const ours = rules.filter(isOurs);
  if (ours.length === 0) return undefined;
  return [...new Set(ours.flatMap(({ AllowedOrigins = [] }) => AllowedOrigins))];
}

/** In any order. */
export function sameSet(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((member) => other.includes(member));
}

/** Nothing under these is ever acknowledged; both are longer than any session lives. */
export const LIFECYCLE_RULES = [
  {
    ID: "temporary-uploads",
    Status: "Enabled",
    Filter: { Prefix: TEMPORARY_PREFIX },
    Expiration: { Days: 3 },
  },
  {
    ID: "incomplete-uploads",
    Status: "Enabled",
    Filter: { Prefix: "" },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 30 },
  },
] as const satisfies LifecycleRule[];
