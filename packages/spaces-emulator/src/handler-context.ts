import type { Disk, StoreView } from "./disk.ts";
import type { S3Request } from "./s3-request.ts";
import type { VerifiedRequest } from "./signature.ts";

export interface HandlerContext {
  disk: Disk;
  request: S3Request;
  /** `undefined` for an anonymous request. */
  verified: VerifiedRequest | undefined;
  /** How far the store's clock is ahead. */
  skewMs: number;
  /** What lists tell of. */
  listed: StoreView;
  /** Waited for while the upload is locked for its completion. */
  beforeCompletion?: () => Promise<void>;
}
