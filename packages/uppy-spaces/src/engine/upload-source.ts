import { planPartSize, S3_LIMITS, SINGLE_PUT_MAX_SIZE, type UploadErrorBody } from "@audiotricks/protocol";
import type { ContentKind, NewUpload, UploadMethod } from "@audiotricks/protocol/messages";
import type { SessionWish } from "./session-creator.ts";
import type { Fingerprint } from "./session-store.ts";

/** What is to be uploaded. */
export interface UploadSource {
  id: string;
  blob: Blob;
  name: string;
  type: string;
  /** Milliseconds since 1970, where the picked file has one. */
  lastModified: number | null;
  relativePath: string | null;
  /** Told to the companion as they are. */
  beside: Pick<NewUpload, "metadata" | "group">;
  workspaceId: string | undefined;
  contentType: ContentKind | undefined;
  /** `undefined`: the companion decides. */
  method: UploadMethod | undefined;
}

export function fingerprintOf(source: UploadSource): Fingerprint {
  const { name, blob, type, lastModified, relativePath, workspaceId } = source;
  return { name, size: blob.size, type, lastModified, relativePath, workspaceId: workspaceId ?? null };
}

/** The file as the companion is told about it. `resume`: a session it may be a part of already. */
export function announce(source: UploadSource, resume: string | null): SessionWish["file"] {
  const { name, type, blob, lastModified, beside, method, workspaceId, contentType } = source;
  return {
    ...beside,
    name,
    type,
    size: blob.size,
    ...(lastModified === null ? {} : { lastModified }),
    ...(contentType === undefined ? {} : { contentType }),
    ...(workspaceId === undefined ? {} : { workspaceId }),
    ...(resume === null ? {} : { resume }),
    ...(method === undefined ? {} : { method }),
  };
}

/** What the companion is sure to refuse is refused before it is asked: in a batch, one malformed file holds up the others. */
export function refuseLocally({ name, blob }: UploadSource): UploadErrorBody | null {
  if (blob.size === 0)
    return { code: "file_empty", message: `“${name}” is empty: there is nothing to upload.` };
  if (name.length === 0 || name.length > 500 || /\p{Cc}/u.test(name)) {
    const message = `“${name.slice(0, 80)}” is not a name a file can be kept under.`;
    return { code: "invalid_request", message };
  }
  return null;
}

/** How a file is cut into parts; sizes in bytes. */
export interface Cut {
  fileSize: number;
  partSize: number;
}

/**
 * The parts that the companion is likely to plan: it follows the same rule, but has the last word. Good enough to begin to
 * hash while it is asked.
 */
export function guessCut({ blob: { size }, method }: UploadSource): Cut | null {
  if (size === 0 || size > S3_LIMITS.maxObjectSize) return null;
  const isPut = method === "put" || (method === undefined && size <= SINGLE_PUT_MAX_SIZE);
  return { fileSize: size, partSize: isPut ? size : planPartSize(size) };
}

export function firstParts(cut: Cut | null, most: number): number[] {
  if (cut === null) return [];
  const count = Math.min(most, Math.ceil(cut.fileSize / cut.partSize));
  return Array.from({ length: count }, (_, index) => index + 1);
}
