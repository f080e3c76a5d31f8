import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { UploadError } from "@audiotricks/protocol";

/** A key that seals provider secrets; `id` is derived from it, so that a row says which key it needs. */
export interface EnvelopeKey {
  id: string;
  bytes: Buffer;
}

const PREFIX = "enc:v1";
const IV_LENGTH = 12;
const TAG_LENGTH = 16;

/** @throws {UploadError} `no_provider`, naming the setting, unless it is 32 bytes of base64. */
export function parseEnvelopeKey(base64: string): EnvelopeKey {
  const bytes = Buffer.from(base64, "base64");
  if (
    bytes.length !== 32 ||
    bytes.toString("base64").replace(/=+$/, "") !== base64.trim().replace(/=+$/, "")
  ) {
    throw new UploadError(
      "no_provider",
      "STORAGE_ENCRYPTION_KEY must be 32 bytes in base64. Make one with: openssl rand -base64 32",
    );
  }
  return { id: createHash("sha256").update(bytes).digest("hex").slice(0, 8), bytes };
}

/** Seals a provider's secret for exactly this row: moved to another row, it does not open. */
export function sealSecret(secret: string, rowId: string, key: EnvelopeKey): string {
  const iv = randomBytes(IV_LENGTH);
  const cipher = createCipheriv("aes-256-gcm", key.bytes, iv, { authTagLength: TAG_LENGTH });
  cipher.setAAD(additionalData(rowId, key.id));
  const sealed = Buffer.concat([iv, cipher.update(secret, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `${PREFIX}:${key.id}:${sealed.toString("base64")}`;
}

/** @throws {UploadError} `no_provider` if the envelope was made with another key, for another row, or was changed. */
export function openSecret(envelope: string, rowId: string, key: EnvelopeKey): string {
  const [, keyId, base64] = /^enc:v1:([0-9a-f]{8}):([A-Za-z0-9+/=]+)$/.exec(envelope) ?? [];
  if (keyId !== key.id || base64 === undefined) {
    throw new UploadError(
      "no_provider",
      `The secret of storage provider ${rowId} was sealed with another STORAGE_ENCRYPTION_KEY.`,
    );
  }
  const sealed = Buffer.from(base64, "base64");
  try {
    const decipher = createDecipheriv("aes-256-gcm", key.bytes, sealed.subarray(0, IV_LENGTH), {
      authTagLength: TAG_LENGTH,
    });
    decipher.setAAD(additionalData(rowId, keyId));
    decipher.setAuthTag(sealed.subarray(-TAG_LENGTH));
    const body = sealed.subarray(IV_LENGTH, -TAG_LENGTH);
    return Buffer.concat([decipher.update(body), decipher.final()]).toString("utf8");
  } catch (cause) {
    throw new UploadError(
      "no_provider",
      `The secret of storage provider ${rowId} does not open: it was changed.`,
      {
        cause,
      },
    );
  }
}

function additionalData(rowId: string, keyId: string): Buffer {
  return Buffer.from(`storage_providers/secret_access_key_encrypted/${rowId}/${keyId}`);
}
