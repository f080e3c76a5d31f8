import { UploadError } from "@audiotricks/protocol";
import type { Store } from "../stores.ts";

/** When it is worth asking again: about as often as buckets are looked at. */
const RETRY_MS = 15_000;

/** @throws {UploadError} `storage_unavailable`, where a URL would lead to a bucket that does not answer. */
export function requireAnswering({ isDown, region }: Pick<Store, "isDown" | "region">): void {
  if (!isDown) return;
  throw new UploadError(
    "storage_unavailable",
    `The file is safe, but the place where it is kept (${region}) does not answer at the moment. Try again later.`,
    { details: { region, retryAfterMs: RETRY_MS } },
  );
}
