import { createHash, timingSafeEqual } from "node:crypto";
import type { AuthenticateService } from "./authenticate.ts";

const MIN_LENGTH = 32;

/**
 * Knows a service by a secret it sends as bearer token.
 *
 * @param options.tokens At least 32 characters each; more than one while one takes another's place.
 * @throws {RangeError} If one is shorter.
 */
export function serviceToken(options: { service: string; tokens: readonly string[] }): AuthenticateService {
  const { service, tokens } = options;
  if (tokens.length === 0 || tokens.some((token) => token.length < MIN_LENGTH))
    throw new RangeError(`A service token must have at least ${MIN_LENGTH} characters.`);
  // Digests have one length, so that comparing takes one time.
  const known = tokens.map(digest);
  return async (request) => {
    const token = /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
    if (token === undefined) return null;
    const given = digest(token);
    return known.filter((one) => timingSafeEqual(one, given)).length > 0 ? { service } : null;
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
