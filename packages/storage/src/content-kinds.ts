import { isAudioExtension, UploadError } from "@audiotricks/protocol";
import type { ContentCategory, ContentKind, NewUpload } from "@audiotricks/protocol/messages";

const MIB = 1024 * 1024;

/** Every kind that can be uploaded, each with the categories that it has. */
export const KINDS: readonly { contentType: ContentKind; category?: ContentCategory }[] = [
  { contentType: "audio_file" },
  { contentType: "avatar" },
  { contentType: "avatar", category: "workspace-asset" },
  { contentType: "document" },
  { contentType: "export_file" },
  { contentType: "export_file", category: "bulk" },
  { contentType: "backup" },
];

/** Bytes of a file that is not audio, where that is less than the provider takes. */
export function maxSizeOf({ contentType, category }: Pick<NewUpload, "contentType" | "category">): number {
  if (category === "workspace-asset") return 20 * MIB;
  switch (contentType) {
    case "avatar":
      return 5 * MIB;
    case "document":
      return 100 * MIB;
    case "audio_file":
    case "export_file":
    case "backup":
      return Number.POSITIVE_INFINITY;
  }
}

/** Of which kind a category is one. */
const KIND_OF = { "workspace-asset": "avatar", bulk: "export_file" } as const;

/** What a page could be made of, whatever the name says. */
const ACTIVE = /^(text|application|image)\/(?:.*\+)?(html|xml|svg|xhtml|javascript|ecmascript)\b/;

/** Why a file of this kind cannot be taken; `undefined` if it can, as far as this goes. */
export function findKindFlaw(file: NewUpload): UploadError | undefined {
  const { contentType, category, workspaceId, size } = file;
  if (category !== undefined && KIND_OF[category] !== contentType)
    return new UploadError("invalid_request", `A ${contentType} is no ${category}.`);
  if (category === "workspace-asset" && workspaceId === undefined)
    return new UploadError("invalid_request", "An asset of a workspace needs the workspace.");
  if (ACTIVE.test(file.type.trim().toLowerCase()))
    return new UploadError("type_not_allowed", "Files of this type are not accepted.", {
      details: { type: file.type },
    });
  const maxFileSize = maxSizeOf(file);
  if (size <= maxFileSize) return undefined;
  return new UploadError("file_too_large", `The file is larger than ${maxFileSize} bytes.`, {
    details: { size, maxFileSize },
  });
}

const IMAGES: ReadonlySet<string | undefined> = new Set(["png", "jpg", "jpeg", "webp", "gif"]);

/** Whether a browser may be told to show it, rather than to save it: sound and pictures made of pixels, which run nothing. */
export function mayBeShown(extension: string | undefined): boolean {
  return isAudioExtension(extension) || IMAGES.has(extension);
}
