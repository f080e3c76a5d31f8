import { createPublicKey, type KeyObject } from "node:crypto";
import type { Env } from "./config-settings.ts";

export type AuthConfig =
  /** Anyone who reaches the server signs in as alpha or beta. */
  | { kind: "demo" }
  | {
      kind: "jwt";
      issuer: string;
      audience: string;
      algorithms: string[];
      source: JwtKeySource;
      /** Whether a subject whom nobody knows yet becomes a user, where `users` is ours to write to. */
      createsUsers: boolean;
    };

type JwtKeySource = { secret: string } | { jwksUrl: string } | { key: KeyObject };

const KEYS = ["JWT_SECRET", "JWT_JWKS_URL", "JWT_PUBLIC_KEY"] as const;

/** `undefined` where a problem was added. The demo is the default, except in production and where JWT_… says who signs in. */
export function readAuth(env: Env, isProduction: boolean, problems: string[]): AuthConfig | undefined {
  const jwt = Object.keys(env).filter((name) => name.startsWith("JWT_"));
  const { DEMO } = env;
  if (DEMO !== undefined && DEMO !== "true" && DEMO !== "false") {
    problems.push("DEMO must be true or false.");
    return undefined;
  }
  if (DEMO === "true" && isProduction) {
    problems.push(
      "DEMO must not be true with NODE_ENV=production: it signs anyone in. Unset it, and set JWT_ISSUER, JWT_AUDIENCE and a key.",
    );
    return undefined;
  }
  if (DEMO === "true" && jwt.length > 0) {
    problems.push(`DEMO=true and ${jwt.join(", ")} exclude each other: unset one side.`);
    return undefined;
  }
  const isDemo = DEMO === "true" || (DEMO === undefined && jwt.length === 0 && !isProduction);
  return isDemo ? { kind: "demo" } : readJwt(env, problems);
}

function readJwt(env: Env, problems: string[]): AuthConfig | undefined {
  const before = problems.length;
  const { JWT_ISSUER: issuer, JWT_AUDIENCE: audience } = env;
  if (issuer === undefined) problems.push("JWT_ISSUER is missing: set it to the `iss` of your tokens.");
  if (audience === undefined) problems.push("JWT_AUDIENCE is missing: set it to the `aud` of your tokens.");
  const keys = KEYS.filter((name) => env[name] !== undefined);
  const source = keys.length === 1 ? readKey(env, problems) : undefined;
  if (keys.length !== 1)
    problems.push(
      keys.length === 0
        ? `A key for tokens is missing: set one of ${KEYS.join(", ")}.`
        : `${keys.join(" and ")} are set: keep one, the one your issuer signs with.`,
    );
  const algorithms = source === undefined ? [] : readAlgorithms(env, source, problems);
  const { JWT_CREATE_USERS: creates = "false" } = env;
  if (creates !== "true" && creates !== "false") problems.push("JWT_CREATE_USERS must be true or false.");
  if (problems.length > before || source === undefined || issuer === undefined || audience === undefined)
    return undefined;
  return { kind: "jwt", issuer, audience, algorithms, source, createsUsers: creates === "true" };
}

function readKey(env: Env, problems: string[]): JwtKeySource | undefined {
  const { JWT_SECRET: secret, JWT_JWKS_URL: jwksUrl, JWT_PUBLIC_KEY: pem } = env;
  if (secret !== undefined) {
    if (Buffer.byteLength(secret) >= 32) return { secret };
    problems.push("JWT_SECRET must have at least 32 bytes; make one by: openssl rand -base64 32.");
  } else if (jwksUrl !== undefined) {
    if (isSafeKeySet(jwksUrl)) return { jwksUrl };
    problems.push(
      "JWT_JWKS_URL must be a URL such as https://issuer.example.com/.well-known/jwks.json; http only on this machine.",
    );
  } else if (pem !== undefined) {
    try {
      // One line with \n in it is how environments carry a PEM.
      return { key: createPublicKey(pem.replaceAll("\\n", "\n")) };
    } catch {
      problems.push("JWT_PUBLIC_KEY must be a public key in PEM form (-----BEGIN PUBLIC KEY-----).");
    }
  }
  return undefined;
}

/** Whoever can change the keys on their way to us can sign anybody in. */
function isSafeKeySet(text: string): boolean {
  const url = URL.parse(text);
  const isLocal = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url?.hostname ?? "");
  return url?.protocol === "https:" || (url?.protocol === "http:" && isLocal);
}

const SYMMETRIC = ["HS256", "HS384", "HS512"];
const ASYMMETRIC = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];

function readAlgorithms(env: Env, source: JwtKeySource, problems: string[]): string[] {
  const allowed = "secret" in source ? SYMMETRIC : ASYMMETRIC;
  const algorithms = env.JWT_ALGORITHMS?.split(",").map((name) => name.trim()) ?? [defaultAlgorithm(source)];
  if (!algorithms.every((name) => allowed.includes(name)))
    problems.push(`JWT_ALGORITHMS must be among ${allowed.join(", ")} for this kind of key.`);
  return algorithms;
}

function defaultAlgorithm(source: JwtKeySource): string {
  if ("secret" in source) return "HS256";
  if ("jwksUrl" in source) return "RS256";
  const { asymmetricKeyType, asymmetricKeyDetails } = source.key;
  if (asymmetricKeyType === "ed25519") return "EdDSA";
  if (asymmetricKeyType !== "ec") return "RS256";
  const curves: Record<string, string> = { secp384r1: "ES384", secp521r1: "ES512" };
  return curves[asymmetricKeyDetails?.namedCurve ?? ""] ?? "ES256";
}
