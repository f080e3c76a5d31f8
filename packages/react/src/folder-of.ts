import type { UppyUpload } from "./file-status.ts";

/** The folder a file was in, from the one that was dropped or picked: `"Album/Side A"`; `null` for a file that came by itself. */
export function folderOf({ meta, data }: Pick<UppyUpload, "meta" | "data">): string | null {
  const picked = data instanceof File ? data.webkitRelativePath : "";
  const path = typeof meta.relativePath === "string" && meta.relativePath !== "" ? meta.relativePath : picked;
  const steps = (path ?? "").split("/").filter((step) => step !== "");
  return steps.length < 2 ? null : steps.slice(0, -1).join("/");
}
