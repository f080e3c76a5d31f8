import { type Keyring, parseKeyring } from "@audiotricks/storage";
import { CliError } from "./cli-error.ts";
import type { Settings } from "./settings.ts";

/** @throws {CliError} `settings`: without it nothing can be sealed. */
export function requireKeyring({ encryptionKey }: Settings): Keyring {
  if (encryptionKey === undefined)
    throw new CliError(
      "settings",
      "STORAGE_ENCRYPTION_KEY is not set, and secrets are kept sealed only: make one by openssl rand -base64 32, and give it to all servers first.",
    );
  return parseKeyring(encryptionKey);
}
