import { UploadError, type UploadErrorBody } from "@audiotricks/protocol";

/** What to show for anything that was thrown. */
export function errorBodyOf(error: unknown): UploadErrorBody {
  if (error instanceof UploadError) return error.toBody();
  return { code: "internal", message: error instanceof Error ? error.message : "Something went wrong." };
}
