import type { Disk } from "./disk.ts";
import type { S3Request } from "./s3-request.ts";
import type { VerifiedRequest } from "./signature.ts";

export interface HandlerContext {
  disk: Disk;
  request: S3Request;
  /** `undefined` for an anonymous request. */
  verified: VerifiedRequest | undefined;
}
