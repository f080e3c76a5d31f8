import { UploadError } from "@audiotricks/protocol";
import {
  CreateBucketCommand,
  type LifecycleRule,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
} from "@aws-sdk/client-s3";
import { TEMPORARY_PREFIX } from "../object-key.ts";
import { describeFailure } from "../s3/s3-failure.ts";
import { createBucketClient } from "./bucket-client.ts";
import type { SpacesProvider } from "./spaces-provider.ts";

export interface BucketRules {
  /** Exact origins of the pages that upload, such as `https://app.example.com`. */
  allowedOrigins: string[];
}

/** What a page needs to send parts and to read what came of them. */
export function corsRuleFor(allowedOrigins: string[]) {
  return {
    AllowedOrigins: allowedOrigins,
    AllowedMethods: ["GET", "HEAD", "PUT", "POST"],
    AllowedHeaders: ["*"],
    ExposeHeaders: ["ETag"],
    MaxAgeSeconds: 3600,
  };
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

/**
 * Makes a bucket ready for uploads from browsers: creates it where it does not exist, lets the given origins PUT and
 * read ETags, and has the store itself remove temporary objects and upload leftovers, should we ever fail to. Safe to
 * repeat; wants a key that may do this, which the one used at run time need not be.
 *
 * @throws {UploadError} `storage_unavailable`, saying which step was refused and how.
 */
export async function prepareBucket(spaces: SpacesProvider, rules: BucketRules): Promise<void> {
  const { endpoint, bucket } = spaces;
  const client = createBucketClient(spaces);
  try {
    await step("create the bucket", ["BucketAlreadyOwnedByYou", "BucketAlreadyExists"], () =>
      client.send(new CreateBucketCommand({ Bucket: bucket })),
    );
    await step("set its CORS rules", [], () =>
      client.send(
        new PutBucketCorsCommand({
          Bucket: bucket,
          CORSConfiguration: {
            CORSRules: [corsRuleFor(rules.allowedOrigins)],
          },
        }),
      ),
    );
    await step("set its lifecycle", [], () =>
      client.send(
        new PutBucketLifecycleConfigurationCommand({
          Bucket: bucket,
          LifecycleConfiguration: {
            Rules: [...LIFECYCLE_RULES],
          },
        }),
      ),
    );
  } finally {
    client.destroy();
  }

  async function step(what: string, isFine: string[], work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const { code, status } = describeFailure(error);
      if (isFine.includes(code)) return;
      throw new UploadError(
        "storage_unavailable",
        `Cannot ${what} (${bucket} at ${endpoint}): ${status === undefined ? "" : `${status} `}${code}.`,
      );
    }
  }
}
