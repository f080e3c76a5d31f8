import { UploadError } from "@audiotricks/protocol";
import type { Principal } from "@audiotricks/storage";
import {
  type CryptoKey,
  createRemoteJWKSet,
  errors,
  importJWK,
  type JWK,
  type JWTHeaderParameters,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
  type KeyObject,
} from "jose";
import type { Authenticate } from "./authenticate.ts";

interface BearerJwtClaims {
  issuer: string | string[];
  audience: string | string[];
  /** Exactly the algorithms the issuer uses; what a token says about itself decides nothing. */
  algorithms: string[];
  /**
   * Our user for a verified subject, by the id of its row in `users`; `null` answers 403 `unknown_user`. By default the subject
   * itself is that id. May make a user of a new subject: only in a table that is its own to write to.
   */
  findUser?: (subject: string, claims: JWTPayload) => Promise<Principal | null>;
}

/** One source of the key: a shared secret (HS…), a public key, or the issuer's published key set. */
export type BearerJwtOptions = BearerJwtClaims &
  ({ secret: string | Uint8Array } | { key: CryptoKey | KeyObject | JWK } | { jwksUrl: string | URL });

/** Anything longer is not a token of ours; the cap bounds the work an anonymous caller can cause. */
const MAX_TOKEN_LENGTH = 8192;
const MIN_SECRET_BYTES = 32;
const ASYMMETRIC = /^(RS|PS|ES)(256|384|512)$|^EdDSA$|^Ed25519$/;
const SYMMETRIC = /^HS(256|384|512)$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Reads `Authorization: Bearer <JWT>`. Signature, issuer, audience, expiry and subject are all required.
 *
 * @throws {TypeError} If the algorithms do not fit the kind of key: mixing them is how a public key becomes an HMAC secret.
 */
export function bearerJwt(options: BearerJwtOptions): Authenticate {
  const getKey = keySource(options);
  const { issuer, audience, algorithms, findUser = subjectAsUser } = options;
  if (issuer.length === 0 || audience.length === 0)
    throw new TypeError("bearerJwt needs an issuer and an audience");

  return async (request) => {
    const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
    if (token === undefined || token.length > MAX_TOKEN_LENGTH) return null;
    const claims = await verify(token, getKey, { issuer, audience, algorithms });
    if (claims?.sub === undefined) return null;
    const principal = await findUser(claims.sub, claims);
    if (principal === null) throw new UploadError("unknown_user", "This account is not known here.");
    // As long as the token, whatever the host says: signing in anew takes another one.
    return claims.exp === undefined ? principal : { ...principal, expiresAt: new Date(claims.exp * 1000) };
  };
}

async function verify(
  token: string,
  getKey: JWTVerifyGetKey,
  expected: { issuer: string | string[]; audience: string | string[]; algorithms: string[] },
): Promise<JWTPayload | undefined> {
  try {
    const { payload } = await jwtVerify(token, getKey, {
      ...expected,
      requiredClaims: ["exp", "sub"],
      clockTolerance: 5,
    });
    return payload;
  } catch (cause) {
    if (cause instanceof errors.JWTExpired)
      throw new UploadError("unauthenticated", "The sign-in has expired; sign in again.", { cause });
    if (isTokensFault(cause)) return undefined;
    throw cause; // the issuer's key set cannot be had: not the caller's fault, and not a reason to sign anyone out
  }
}

/** Everything that is wrong with the token itself, as against with fetching the issuer's keys. */
function isTokensFault(error: unknown): boolean {
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return false;
  return error instanceof errors.JOSEError && error.code !== "ERR_JOSE_GENERIC";
}

function keySource(options: BearerJwtOptions): JWTVerifyGetKey {
  if ("secret" in options) {
    requireAlgorithms(options.algorithms, SYMMETRIC, "a secret");
    const secret =
      typeof options.secret === "string" ? new TextEncoder().encode(options.secret) : options.secret;
    if (secret.byteLength < MIN_SECRET_BYTES)
      throw new TypeError(`The JWT secret must have at least ${MIN_SECRET_BYTES} bytes`);
    return async () => secret;
  }
  requireAlgorithms(options.algorithms, ASYMMETRIC, "a public key");
  if ("jwksUrl" in options) {
    const keys = createRemoteJWKSet(new URL(options.jwksUrl));
    return async (header, token) => keys(requireKeyId(header), token);
  }
  const { key } = options;
  if (!("kty" in key)) return async () => key;
  return async (header) => await importJWK(key, header.alg);
}

/** Without an id the set would be searched for whatever key fits, which is not a choice the token should have. */
function requireKeyId(header: JWTHeaderParameters): JWTHeaderParameters {
  if (typeof header.kid !== "string" || header.kid === "") throw new errors.JWSInvalid("kid is missing");
  return header;
}

function requireAlgorithms(algorithms: string[], allowed: RegExp, kind: string): void {
  if (algorithms.length === 0 || !algorithms.every((algorithm) => allowed.test(algorithm)))
    throw new TypeError(`JWT algorithms ${JSON.stringify(algorithms)} do not fit ${kind}`);
}

async function subjectAsUser(subject: string): Promise<Principal | null> {
  return UUID.test(subject) ? { userId: subject } : null;
}
