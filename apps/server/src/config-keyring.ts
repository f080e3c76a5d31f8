import { UploadError } from "@audiotricks/protocol";
import { readKeyring } from "@audiotricks/storage";
import type { Env } from "./config-settings.ts";

/** `undefined` where no secret in the database is to be opened. Adds to `problems` what is wrong. */
export function readEncryptionKey(env: Env, problems: string[]): string | undefined {
  try {
    return readKeyring(env);
  } catch (error) {
    if (!(error instanceof UploadError)) throw error;
    problems.push(error.message);
    return undefined;
  }
}
