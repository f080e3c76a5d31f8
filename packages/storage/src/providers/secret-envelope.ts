import { randomBytes } from "node:crypto";
import { DATA_KEY_LENGTH, decrypt, encrypt } from "./aes-gcm.ts";
import type { EnvelopeKey } from "./keyring.ts";
import { ProviderError } from "./provider-error.ts";

/**
 * `enc:v2:KEY:WRAPPED:SEALED`. SEALED is the secret under a data key of its own, WRAPPED that data key under the key of the
 * keyring that KEY names: another key takes its place without the secret being touched. `enc:v1:KEY:SEALED`, the secret under
 * the keyring's key itself, is read and not written any more.
 */
const ENVELOPE =
  /^enc:(?:v1:(?<v1>[0-9a-f]{8})|v2:(?<v2>[0-9a-f]{8}):(?<wrapped>[A-Za-z0-9+/]{80})):(?<sealed>[A-Za-z0-9+/]+={0,2})$/;

/** Seals a provider's secret for exactly this row: moved to another row, it does not open. */
export function sealSecret(secret: string, rowId: string, key: EnvelopeKey): string {
  const dataKey = randomBytes(DATA_KEY_LENGTH);
  const sealed = encrypt(Buffer.from(secret, "utf8"), dataKey, secretContext(rowId));
  return format(key.id, wrap(dataKey, rowId, key), sealed);
}

/** @throws {ProviderError} `no_provider` if none of the keys made it, or it is another row's, or was changed. */
export function openSecret(envelope: string, rowId: string, keys: readonly EnvelopeKey[]): string {
  const { key, wrapped, sealed } = parse(envelope, rowId, keys);
  return refuseChanged(rowId, () => {
    if (wrapped === undefined) return decrypt(sealed, key.bytes, keyContext(rowId, key.id)).toString("utf8");
    const dataKey = decrypt(wrapped, key.bytes, keyContext(rowId, key.id));
    return decrypt(sealed, dataKey, secretContext(rowId)).toString("utf8");
  });
}

/**
 * The same secret under another key of the keyring.
 *
 * @throws {ProviderError} As `openSecret`: what does not open is not wrapped anew.
 */
export function rewrapSecret(
  envelope: string,
  rowId: string,
  keys: readonly EnvelopeKey[],
  newKey: EnvelopeKey,
): string {
  const secret = openSecret(envelope, rowId, keys);
  const { key, wrapped, sealed } = parse(envelope, rowId, keys);
  if (wrapped === undefined) return sealSecret(secret, rowId, newKey);
  const dataKey = decrypt(wrapped, key.bytes, keyContext(rowId, key.id));
  return format(newKey.id, wrap(dataKey, rowId, newKey), sealed);
}

/** Id of the key that an envelope needs, and whether it has a data key of its own; `undefined` for what is none. */
export function describeEnvelope(text: string): { keyId: string; hasDataKey: boolean } | undefined {
  const { v1, v2, wrapped } = ENVELOPE.exec(text)?.groups ?? {};
  const keyId = v2 ?? v1;
  return keyId === undefined ? undefined : { keyId, hasDataKey: wrapped !== undefined };
}

function parse(envelope: string, rowId: string, keys: readonly EnvelopeKey[]) {
  const { v1, v2, wrapped, sealed = "" } = ENVELOPE.exec(envelope)?.groups ?? {};
  const key = keys.find(({ id }) => id === (v2 ?? v1));
  if (key === undefined)
    throw new ProviderError(
      "no_provider",
      `The secret of storage provider ${rowId} was sealed with another STORAGE_ENCRYPTION_KEY.`,
    );
  return {
    key,
    wrapped: wrapped === undefined ? undefined : Buffer.from(wrapped, "base64"),
    sealed: Buffer.from(sealed, "base64"),
  };
}

function format(keyId: string, wrapped: Buffer, sealed: Buffer): string {
  return `enc:v2:${keyId}:${wrapped.toString("base64")}:${sealed.toString("base64")}`;
}

function wrap(dataKey: Buffer, rowId: string, key: EnvelopeKey): Buffer {
  return encrypt(dataKey, key.bytes, keyContext(rowId, key.id));
}

function refuseChanged<Result>(rowId: string, open: () => Result): Result {
  try {
    return open();
  } catch (cause) {
    throw new ProviderError(
      "no_provider",
      `The secret of storage provider ${rowId} does not open: it was changed.`,
      { cause },
    );
  }
}

const COLUMN = "storage_providers/secret_access_key_encrypted";

/** What the keyring's key encrypts is bound to table, column, row and that key. */
function keyContext(rowId: string, keyId: string): string {
  return `${COLUMN}/${rowId}/${keyId}`;
}

/** The data key belongs to one secret alone, and stays when the keyring's key changes. */
function secretContext(rowId: string): string {
  return `${COLUMN}/${rowId}/data`;
}
