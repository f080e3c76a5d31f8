/** Where events go. Holds secrets: never log it. */
export interface WebhookEndpoint {
  url: string;
  /** The keys that deliveries are signed with. */
  secrets: readonly Uint8Array[];
}

const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/;

/**
 * @param text One `whsec_` and 24 to 64 bytes in base64, as Standard Webhooks has it; several while one takes another's
 *   place, by spaces.
 * @throws {RangeError} That says what it must be, and repeats nothing of it.
 */
export function parseWebhookSecrets(text: string): Uint8Array[] {
  const secrets = text
    .trim()
    .split(/[\s,]+/)
    .map((secret) => Buffer.from(SECRET.exec(secret)?.[1] ?? "", "base64"));
  if (!secrets.every(({ length }) => length >= 24 && length <= 64))
    throw new RangeError(
      'WEBHOOK_SECRET must be whsec_ and 24 to 64 bytes in base64; make one by: echo "whsec_$(openssl rand -base64 32)".',
    );
  return secrets;
}
