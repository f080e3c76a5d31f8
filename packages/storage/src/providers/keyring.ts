import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { UploadError } from "@audiotricks/protocol";
import type { Environment } from "./spaces-provider.ts";

/** A key that seals provider secrets; `id` is derived from it, so that a row says which key it needs. */
export interface EnvelopeKey {
  id: string;
  bytes: Buffer;
}

/** The first one seals, all of them open: so one key can take another's place while every server opens both. */
export type Keyring = readonly [EnvelopeKey, ...EnvelopeKey[]];

const SETTING = "STORAGE_ENCRYPTION_KEY";

/** @throws {UploadError} `no_provider`, naming the setting, unless it is 32 bytes of base64. */
export function parseEnvelopeKey(base64: string): EnvelopeKey {
  const bytes = Buffer.from(base64, "base64");
  if (bytes.length !== 32 || bytes.toString("base64").replace(/=+$/, "") !== base64.trim().replace(/=+$/, ""))
    throw unusable(`${SETTING} must be 32 bytes in base64. Make one with: openssl rand -base64 32`);
  return { id: createHash("sha256").update(bytes).digest("hex").slice(0, 8), bytes };
}

/**
 * @param text Keys in base64, by white space or commas; the one that seals comes first.
 * @throws {UploadError} `no_provider`, repeating nothing of them.
 */
export function parseKeyring(text: string): Keyring {
  const [first = "", ...others] = text.split(/[\s,]+/).filter((word) => word !== "");
  const keyring: Keyring = [parseEnvelopeKey(first), ...others.map(parseEnvelopeKey)];
  if (new Set(keyring.map(({ id }) => id)).size < keyring.length)
    throw unusable(`${SETTING} has the same key twice: name each once, the one that seals first.`);
  return keyring;
}

/**
 * The keyring as text, from `STORAGE_ENCRYPTION_KEY` or the file that `STORAGE_ENCRYPTION_KEY_FILE` names.
 *
 * @throws {UploadError} `no_provider`, naming the setting and the mend.
 */
export function readKeyring(env: Environment): string | undefined {
  const { STORAGE_ENCRYPTION_KEY: text, STORAGE_ENCRYPTION_KEY_FILE: file } = env;
  if (text && file) throw unusable(`Set ${SETTING} or ${SETTING}_FILE, not both.`);
  const keyring = file ? readKeyFile(file) : text || undefined;
  if (keyring !== undefined) parseKeyring(keyring);
  return keyring;
}

function readKeyFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw unusable(
      `The file that ${SETTING}_FILE names cannot be read: name one that this user may read.`,
      cause,
    );
  }
}

function unusable(message: string, cause?: unknown): UploadError {
  return new UploadError("no_provider", message, cause === undefined ? undefined : { cause });
}
