import { UploadError } from "@audiotricks/protocol";
import {
  GetBucketVersioningCommand,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
} from "@aws-sdk/client-s3";
import type { Patient } from "../doctor/bucket-finding.ts";
import { checkOwner, reachBucket } from "../doctor/check-bucket.ts";
import { findOriginsWithout, readCorsRules } from "../doctor/check-cors.ts";
import { findMissingRules, readLifecycleRules } from "../doctor/check-lifecycle.ts";
import { OperatorError } from "../operator/operator-error.ts";
import { needsPathStyle } from "../s3/bucket-address.ts";
import { describeFailure } from "../s3/s3-failure.ts";
import { type BucketKey, createBucketClient } from "./bucket-client.ts";
import { originsOfOurCors, sameSet, withOurCors } from "./bucket-rules.ts";

export interface BucketRules {
  /** Exact origins of the pages that upload, such as `https://app.example.com`; none: no page does. */
  allowedOrigins: string[];
  /** Keeps what is overwritten or deleted as older versions. Never switched off. */
  isVersioned?: boolean;
}

/** Something that belongs to a provider. */
export interface PreparedStep {
  part: "bucket" | "cors" | "lifecycle" | "versioning" | "cdn";
  /** The bucket's name, or the CDN's host. */
  name: string;
  outcome: "made" | "there";
}

/** A step that the key may not do, of a bucket that may well be ready. */
export interface RefusedStep {
  part: PreparedStep["part"];
  /** What was seen, with the store's answer. */
  message: string;
}

/**
 * Makes a bucket ready for uploads from browsers: creates it where it does not exist, lets the given origins PUT and
 * read ETags, and has the store itself remove temporary objects and upload leftovers, should we ever fail to. Rules of others
 * stay. Safe to repeat, also after it stopped half way; wants a key that may do this, which the one used at run time need not be.
 *
 * @param onStep Told of each step that is done, before the next one.
 * @param onRefused Told of what a key that is only good for uploads may not: that the bucket is among its account's, and what its
 *   rules are. Without it, each of that ends the work.
 * @throws {OperatorError} `bucket_foreign` if it is somebody else's: nothing is changed then.
 * @throws {UploadError} `storage_unavailable`, saying which step was refused and how.
 */
export async function prepareBucket(
  spaces: BucketKey,
  { allowedOrigins, isVersioned = false }: BucketRules,
  onStep: (step: PreparedStep) => void = () => undefined,
  onRefused?: (refused: RefusedStep) => void,
): Promise<void> {
  const { endpoint, bucket, region, accessKeyId, secretAccessKey } = spaces;
  const client = createBucketClient(spaces);
  const forcePathStyle = spaces.forcePathStyle === true || needsPathStyle(endpoint, bucket);
  const patient: Patient = {
    client,
    address: { endpoint, bucket, forcePathStyle },
    region,
    credentials: { accessKeyId, secretAccessKey },
    cdnEndpoint: undefined,
    origins: allowedOrigins,
    now: () => new Date(),
  };
  const Bucket = bucket;
  try {
    await step("bucket", "create the bucket", () => makeBucket(patient, onRefused));
    if (allowedOrigins.length > 0)
      await step("cors", "set its CORS rules", async () => {
        const rules = await readCorsRules(patient);
        const ours = originsOfOurCors(rules);
        const isSame = ours === undefined || sameSet(ours, allowedOrigins);
        if (isSame && findOriginsWithout(rules, allowedOrigins).length === 0) return "there";
        const CORSConfiguration = { CORSRules: withOurCors(rules, allowedOrigins) };
        await client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration }));
        return "made";
      });
    await step("lifecycle", "set its lifecycle", async () => {
      const { missing, withMissing } = findMissingRules(await readLifecycleRules(patient));
      if (missing.length === 0) return "there";
      const LifecycleConfiguration = { Rules: withMissing };
      await client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }));
      return "made";
    });
    if (isVersioned)
      await step("versioning", "switch its versions on", async () => {
        if ((await client.send(new GetBucketVersioningCommand({ Bucket }))).Status === "Enabled")
          return "there";
        const VersioningConfiguration = { Status: "Enabled" } as const;
        await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
        return "made";
      });
  } finally {
    client.destroy();
  }

  async function step(
    part: PreparedStep["part"],
    what: string,
    work: () => Promise<PreparedStep["outcome"]>,
  ): Promise<void> {
    let outcome: PreparedStep["outcome"];
    try {
      outcome = await work();
    } catch (error) {
      if (error instanceof OperatorError || error instanceof UploadError) throw error;
      const { code, status } = describeFailure(error);
      const message = `Cannot ${what} (${bucket} at ${endpoint}): ${status === undefined ? "" : `${status} `}${code}.`;
      const isOfRules = part === "cors" || part === "lifecycle";
      if (!isOfRules || status !== 403 || onRefused === undefined)
        throw new UploadError("storage_unavailable", message);
      return onRefused({ part, message });
    }
    onStep({ part, name: bucket, outcome });
  }
}

/** Of two that make it at once, both have it then. */
async function makeBucket(
  patient: Patient,
  onRefused: ((refused: RefusedStep) => void) | undefined,
): Promise<PreparedStep["outcome"]> {
  const [finding] = await reachBucket(patient);
  if (finding === undefined) {
    const [foreign] = await checkOwner(patient);
    if (foreign === undefined) return "there";
    const message = `${foreign.what} ${foreign.mend}`;
    if (onRefused === undefined) throw new OperatorError("bucket_foreign", message);
    onRefused({ part: "bucket", message });
    return "there";
  }
  const sentence = `${finding.what} ${finding.mend}`;
  if (finding.code === "bucket_foreign") throw new OperatorError(finding.code, sentence);
  if (finding.code !== "bucket_missing") throw new UploadError("storage_unavailable", sentence);
  try {
    await finding.fix?.();
    return "made";
  } catch (error) {
    const { code } = describeFailure(error);
    if (code === "BucketAlreadyOwnedByYou") return "there";
    const { bucket, endpoint } = patient.address;
    if (code === "BucketAlreadyExists")
      throw new OperatorError(
        "bucket_foreign",
        `There is a bucket ${bucket} at ${endpoint} already, and it is somebody else's: choose another name.`,
      );
    throw error;
  }
}
