import type { UploadError } from "@audiotricks/protocol";
import type { ReadBytes } from "../proof/sniff-audio.ts";

/** What has become of an attempt to make one object of the bytes sent. Only the first is worth proving. */
export type Assembly =
  /** `md5` is of the whole object, where the store has told it; `read` spares a request for bytes that are known. */
  | { outcome: "assembled"; size: number; etag: string; md5?: string; read?: ReadBytes }
  /** Nothing was done at the store: the session is open again, and the caller learns why. */
  | { outcome: "returned"; error: UploadError }
  /** The store may still be at it: nobody may decide yet. */
  | { outcome: "pending" }
  /** It will never become the file that was announced. */
  | { outcome: "failed"; error: UploadError };
