import { S3Client } from "@aws-sdk/client-s3";
import { needsPathStyle } from "../s3/bucket-address.ts";
import { lookupPublic } from "./endpoint-host.ts";
import type { SpacesProvider } from "./spaces-provider.ts";

export interface BucketKey
  extends Pick<
    SpacesProvider,
    "endpoint" | "region" | "bucket" | "accessKeyId" | "secretAccessKey" | "forcePathStyle"
  > {
  /** Whether its host may only lead to addresses of the internet. */
  isPublicOnly?: boolean;
}

/** A client for one bucket's set-up, beside those that serve uploads; the caller destroys it. */
export function createBucketClient(key: BucketKey): S3Client {
  const { endpoint, region, bucket, accessKeyId, secretAccessKey } = key;
  return new S3Client({
    endpoint,
    region,
    forcePathStyle: key.forcePathStyle === true || needsPathStyle(endpoint, bucket),
    credentials: { accessKeyId, secretAccessKey },
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: {
      ...(key.isPublicOnly === true ? { httpsAgent: { keepAlive: true, lookup: lookupPublic } } : {}),
      connectionTimeout: 5_000,
      requestTimeout: 30_000,
      throwOnRequestTimeout: true,
    },
  });
}
