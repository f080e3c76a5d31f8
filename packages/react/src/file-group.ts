import type { FileGroup } from "@audiotricks/protocol/messages";
import type { UppyUpload } from "./file-status.ts";

/** The group that the companion is told of a file: in its metadata, where the engine looks for it and an earlier page has left it. */
export function groupOfFile({ meta }: Pick<UppyUpload, "meta">): FileGroup | null {
  const { group } = meta as { group?: FileGroup | null };
  return group ?? null;
}
