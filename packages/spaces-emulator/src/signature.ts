import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { accessDenied, S3Error } from "./s3-error.ts";
import type { S3Request } from "./s3-request.ts";

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
}

export interface VerifiedRequest {
  /** What `x-amz-content-sha256` promises about the body; `undefined` where the body is unsigned. */
  bodySha256: string | undefined;
  /** The body comes in aws-chunked framing. */
  isStreaming: boolean;
}

const MAX_SKEW_MS = 15 * 60_000;
const MAX_EXPIRES_SECONDS = 7 * 24 * 3600;

/**
 * Verifies Signature Version 4, in headers or in the query.
 *
 * @returns `undefined` for a request that is not signed at all.
 * @throws {S3Error} `AccessDenied` for every kind of wrong signature alike.
 */
export function verifySignature(
  request: S3Request,
  credentials: readonly Credentials[],
  now = Date.now(),
): VerifiedRequest | undefined {
  if (request.query.has("X-Amz-Signature")) return verifyPresigned(request, credentials, now);
  const authorization = request.headers.authorization;
  if (authorization === undefined) return undefined;
  return verifyHeader(request, authorization, credentials, now);
}

function verifyHeader(
  request: S3Request,
  authorization: string,
  credentials: readonly Credentials[],
  now: number,
): VerifiedRequest {
  const match =
    /^AWS4-HMAC-SHA256\s+Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/.exec(
      authorization,
    );
  const [, credential, signedHeaders, signature] = match ?? [];
  if (credential === undefined || signedHeaders === undefined || signature === undefined)
    throw accessDenied();
  const date = request.headers["x-amz-date"] ?? "";
  if (Math.abs(now - parseAmzDate(date)) > MAX_SKEW_MS) {
    throw new S3Error(403, "RequestTimeTooSkewed");
  }
  const payload = request.headers["x-amz-content-sha256"] ?? "UNSIGNED-PAYLOAD";
  const names = signedHeaders.split(";");
  if (!names.includes("host")) throw accessDenied();
  check(request, { credential, names, signature, date, payload, query: request.rawQuery }, credentials);
  const isStreaming = payload.startsWith("STREAMING-");
  return { bodySha256: /^[0-9a-f]{64}$/.test(payload) ? payload : undefined, isStreaming };
}

function verifyPresigned(
  request: S3Request,
  credentials: readonly Credentials[],
  now: number,
): VerifiedRequest {
  const { query } = request;
  const credential = query.get("X-Amz-Credential");
  const signature = query.get("X-Amz-Signature");
  const signedHeaders = query.get("X-Amz-SignedHeaders");
  const date = query.get("X-Amz-Date") ?? "";
  const expires = Number(query.get("X-Amz-Expires"));
  if (
    query.get("X-Amz-Algorithm") !== "AWS4-HMAC-SHA256" ||
    credential === null ||
    signature === null ||
    signedHeaders === null ||
    !Number.isInteger(expires) ||
    expires < 1 ||
    expires > MAX_EXPIRES_SECONDS
  ) {
    throw accessDenied();
  }
  const signedAt = parseAmzDate(date);
  if (now > signedAt + expires * 1000 || now < signedAt - MAX_SKEW_MS) throw accessDenied();
  const payload = query.get("X-Amz-Content-Sha256") ?? "UNSIGNED-PAYLOAD";
  const rawQuery = request.rawQuery.filter(([name]) => name !== "X-Amz-Signature");
  check(
    request,
    { credential, names: signedHeaders.split(";"), signature, date, payload, query: rawQuery },
    credentials,
  );
  return { bodySha256: /^[0-9a-f]{64}$/.test(payload) ? payload : undefined, isStreaming: false };
}

interface Claim {
  credential: string;
  names: string[];
  signature: string;
  date: string;
  payload: string;
  query: readonly (readonly [string, string])[];
}

function check(request: S3Request, claim: Claim, credentials: readonly Credentials[]): void {
  const [accessKeyId, day, region, service, terminator] = claim.credential.split("/");
  const known = credentials.find((candidate) => candidate.accessKeyId === accessKeyId);
  if (
    known === undefined ||
    terminator !== "aws4_request" ||
    service !== "s3" ||
    !claim.date.startsWith(day ?? "-")
  ) {
    throw accessDenied();
  }
  // Every x-amz header that is sent must be signed, or a stranger on the way could add one.
  for (const name of Object.keys(request.headers)) {
    if (name.startsWith("x-amz-") && name !== "x-amz-content-sha256" && !claim.names.includes(name))
      throw accessDenied();
  }
  const canonicalHeaders = claim.names.map((name) => {
    const value = request.headers[name];
    if (value === undefined) throw accessDenied();
    return `${name}:${value.trim().replace(/\s+/g, " ")}\n`;
  });
  const canonical = [
    request.method,
    request.rawPath === "" ? "/" : request.rawPath,
    [...claim.query]
      .map(([name, value]) => `${encodeStrictly(name)}=${encodeStrictly(value)}`)
      .sort()
      .join("&"),
    canonicalHeaders.join(""),
    claim.names.join(";"),
    claim.payload,
  ].join("\n");
  const scope = `${day}/${region}/s3/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", claim.date, scope, sha256(canonical)].join("\n");
  const expected = hmac(signingKey(known.secretAccessKey, day ?? "", region ?? ""), toSign);
  const given = Buffer.from(claim.signature, "hex");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw accessDenied();
}

/** The signature of a POST form's policy. @throws {S3Error} `AccessDenied`. */
export function verifyPolicySignature(
  fields: ReadonlyMap<string, string>,
  credentials: readonly Credentials[],
): void {
  const [accessKeyId, day, region] = (fields.get("x-amz-credential") ?? "").split("/");
  const known = credentials.find((candidate) => candidate.accessKeyId === accessKeyId);
  const policy = fields.get("policy");
  const given = Buffer.from(fields.get("x-amz-signature") ?? "", "hex");
  if (known === undefined || policy === undefined) throw accessDenied();
  const expected = hmac(signingKey(known.secretAccessKey, day ?? "", region ?? ""), policy);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw accessDenied();
}

const keyCache = new Map<string, Buffer>();

/** A key lives for a day and is wanted for every request of it. */
function signingKey(secret: string, day: string, region: string): Buffer {
  const id = `${secret}/${day}/${region}`;
  const cached = keyCache.get(id);
  if (cached !== undefined) return cached;
  const key = ["s3", "aws4_request"].reduce(
    (parent, name) => hmac(parent, name),
    hmac(hmac(`AWS4${secret}`, day), region),
  );
  if (keyCache.size > 100) keyCache.clear();
  keyCache.set(id, key);
  return key;
}

function parseAmzDate(date: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  if (match === null) throw accessDenied();
  const [, year, month, day, hour, minute, second] = match;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** RFC 3986 as AWS reads it: everything but the unreserved characters is encoded. */
export function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
