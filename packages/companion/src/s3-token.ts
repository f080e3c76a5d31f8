import { UploadError } from "@audiotricks/protocol";
import type { Principal, Storage } from "@audiotricks/storage";

/** What a token can look like; anything else is not looked up. */
export const S3_TOKEN = /^[\w-]{16,200}$/;

/** Stock Uppy sends no header and no cookie, so who it is stands in the path: a token for these routes alone. */
export async function findS3Token(
  { s3Tokens }: Pick<Storage, "s3Tokens">,
  token: string,
): Promise<Principal & { workspaceId: string | null }> {
  const found = S3_TOKEN.test(token) ? await s3Tokens.find(token) : undefined;
  if (found === undefined)
    throw new UploadError("unauthenticated", "This upload link is unknown or has expired.");
  return found;
}
