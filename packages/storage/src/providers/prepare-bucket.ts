import { UploadError } from "@audiotricks/protocol";
import {
  CreateBucketCommand,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { needsPathStyle } from "../s3/bucket-address.ts";
import { describeFailure } from "../s3/s3-failure.ts";
import type { SpacesProvider } from "./spaces-provider.ts";

export interface BucketRules {
  /** Exact origins of the pages that upload, such as `https://app.example.com`. */
  allowedOrigins: string[];
}

/**
 * Makes a bucket ready for uploads from browsers: creates it where it does not exist, lets the given origins PUT and
 * read ETags, and has the store itself remove temporary objects and upload leftovers, should we ever fail to. Safe to
 * repeat; wants a key that may do this, which the one used at run time need not be.
 *
 * @throws {UploadError} `storage_unavailable`, saying which step was refused and how.
 */
export async function prepareBucket(spaces: SpacesProvider, rules: BucketRules): Promise<void> {
  const { endpoint, region, bucket, accessKeyId, secretAccessKey } = spaces;
  const client = new S3Client({
    endpoint,
    region,
    forcePathStyle: spaces.forcePathStyle === true || needsPathStyle(endpoint, bucket),
    credentials: { accessKeyId, secretAccessKey },
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 30_000, throwOnRequestTimeout: true },
  });
  try {
    await step("create the bucket", ["BucketAlreadyOwnedByYou", "BucketAlreadyExists"], () =>
      client.send(new CreateBucketCommand({ Bucket: bucket })),
    );
    await step("set its CORS rules", [], () =>
      client.send(
        new PutBucketCorsCommand({
          Bucket: bucket,
          CORSConfiguration: {
            CORSRules: [
              {
                AllowedOrigins: rules.allowedOrigins,
                AllowedMethods: ["GET", "HEAD", "PUT", "POST"],
                AllowedHeaders: ["*"],
                ExposeHeaders: ["ETag"],
                MaxAgeSeconds: 3600,
              },
            ],
          },
        }),
      ),
    );
    await step("set its lifecycle", [], () =>
      client.send(
        new PutBucketLifecycleConfigurationCommand({
          Bucket: bucket,
          LifecycleConfiguration: {
            Rules: [
              {
                ID: "temporary-uploads",
                Status: "Enabled",
                Filter: { Prefix: "temp/uploads/" },
                Expiration: { Days: 3 },
              },
              {
                ID: "incomplete-uploads",
                Status: "Enabled",
                Filter: { Prefix: "" },
                AbortIncompleteMultipartUpload: { DaysAfterInitiation: 30 },
              },
            ],
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
