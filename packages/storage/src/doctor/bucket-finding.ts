import type { S3Client } from "@aws-sdk/client-s3";
import type { BucketAddress } from "../s3/bucket-address.ts";
import type { SigningCredentials } from "../s3/sigv4.ts";

/** Stable: scripts go by them. */
export type BucketFindingCode =
  | "bucket_unreachable"
  | "bucket_missing"
  | "bucket_foreign"
  | "key_rights"
  | "clock_skew"
  | "cors_missing"
  | "cors_too_wide"
  | "preflight_refused"
  | "signed_put_refused"
  | "etag_hidden"
  | "lifecycle_missing"
  | "lifecycle_deletes_files"
  | "lifecycle_ends_uploads"
  | "listing_public"
  | "reading_public"
  | "writing_public"
  | "cdn_unreachable"
  | "certificate_expires"
  | "cdn_foreign";

/** Something about a bucket that somebody should know. Nothing in it is secret. */
export interface BucketFinding {
  code: BucketFindingCode;
  /** What was seen. */
  what: string;
  /** What breaks because of it, and for whom. */
  breaks: string;
  /** What to do. */
  mend: string;
  /** How to do it from here; none where a person has to. */
  fix?: () => Promise<unknown>;
}

/** A bucket as it is examined. Holds a secret. */
export interface Patient {
  client: S3Client;
  address: BucketAddress;
  region: string;
  credentials: SigningCredentials;
  cdnEndpoint: string | undefined;
  /** Exact origins of pages that upload. */
  origins: string[];
  now: () => Date;
}

/** How long an answer may take that no client of the SDK waits for. */
export const ANSWER_TIMEOUT_MS = 15_000;
