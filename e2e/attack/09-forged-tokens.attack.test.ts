import { createHmac, createPublicKey, type JsonWebKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { target } from "./target/about.ts";
import { ask } from "./target/ask.ts";
import { newUser, query } from "./target/database.ts";
import { tokenOf } from "./target/sign-in.ts";

const { name, audience, keyId, privateJwk, publicJwk } = target.issuer;
const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

// Also: the other kinds of keys in [bearer-jwt.test.ts](packages/companion/src/bearer-jwt.test.ts).
describe("a forged or misused token", () => {
  let who: string;
  let good: Record<string, unknown>;
  let signWith: (header: object, claims?: object) => Promise<string>;
  beforeAll(async () => {
    who = await newUser();
    good = { sub: who, iss: name, aud: audience, exp: inSeconds(600) };
    const key = await importJWK(privateJwk as JWK, "RS256");
    signWith = (header, claims = good) =>
      new SignJWT(claims as Record<string, unknown>)
        .setProtectedHeader({ alg: "RS256", kid: keyId, ...header })
        .sign(key);
  });
  const get = (authorization: string) => ask(undefined, "GET", "/v1/quota", { headers: { authorization } });
  const refusals = async (tokens: Record<string, string>) => {
    const statuses: Record<string, number> = {};
    for (const [what, token] of Object.entries(tokens))
      statuses[what] = (await get(`Bearer ${token}`)).status;
    return statuses;
  };
  const allRefused = (tokens: Record<string, string>) =>
    Object.fromEntries(Object.keys(tokens).map((what) => [what, 401]));

  it("of no algorithm, or of another than the issuer's, is refused", async () => {
    const claims = base64url(good);
    const pem = createPublicKey({ key: publicJwk as JsonWebKey, format: "jwk" }).export({
      type: "spki",
      format: "pem",
    });
    const hmac = (header: object, secret: string | Buffer) => {
      const head = `${base64url(header)}.${claims}`;
      return `${head}.${createHmac("sha256", secret).update(head).digest("base64url")}`;
    };
    const signed = await tokenOf(who);
    const [head, body, signature] = signed.split(".");
    const tokens = {
      none: `${base64url({ alg: "none" })}.${claims}.`,
      "none with a signature": `${base64url({ alg: "none", kid: keyId })}.${claims}.${signature}`,
      None: `${base64url({ alg: "None", kid: keyId })}.${claims}.AA`,
      "HS256 by the public key as PEM": hmac({ alg: "HS256", kid: keyId }, pem as string),
      "HS256 by the public key as JSON": hmac({ alg: "HS256", kid: keyId }, JSON.stringify(publicJwk)),
      "HS256 by its modulus": hmac(
        { alg: "HS256", kid: keyId },
        Buffer.from((publicJwk as JWK).n ?? "", "base64url"),
      ),
      "HS256 by nothing": hmac({ alg: "HS256", kid: keyId }, ""),
      "without its signature": `${head}.${body}.`,
      "with another's body": `${head}.${base64url({ ...good, sub: target.people.alpha })}.${signature}`,
      "with bytes of its signature changed": `${head}.${body}.${signature?.slice(0, -6)}AAAAAA`,
    };
    expect(await refusals(tokens)).toEqual(allRefused(tokens));
    expect((await get(`Bearer ${signed}`)).status).toBe(200);
  });

  it("that brings its own key, or names none or an unknown one, is refused", async () => {
    const own = await generateKeyPair("RS256", { extractable: true });
    const jwk = await exportJWK(own.publicKey);
    const byOwn = (header: object) =>
      new SignJWT(good).setProtectedHeader({ alg: "RS256", ...header }).sign(own.privateKey);
    const trap = `http://127.0.0.1:${target.trapPort}/jwks.json`;
    const tokens = {
      "no kid": await signWith({ kid: undefined }),
      "empty kid": await signWith({ kid: "" }),
      "unknown kid": await signWith({ kid: "key-2" }),
      "kid that is a path": await signWith({ kid: "../../../../dev/null" }),
      "kid that is SQL": await signWith({ kid: "key-1' OR '1'='1" }),
      "kid that is no text": await signWith({ kid: ["key-1"] }),
      jwk: await byOwn({ kid: keyId, jwk }),
      jku: await byOwn({ kid: keyId, jku: trap }),
      x5u: await byOwn({ kid: keyId, x5u: trap }),
      "critical extension": await signWith({ crit: ["exp"], exp: 1 }).catch(() => "a.b.c"),
    };
    expect(await refusals(tokens)).toEqual(allRefused(tokens));
  });

  it("of another issuer, for another audience, too old, too early or of nobody is refused", async () => {
    const tokens = {
      "another issuer": await signWith({}, { ...good, iss: "https://issuer.example.evil.example" }),
      "no issuer": await signWith({}, { ...good, iss: undefined }),
      "another audience": await signWith({}, { ...good, aud: "downloads" }),
      "no audience": await signWith({}, { ...good, aud: undefined }),
      "no end": await signWith({}, { ...good, exp: undefined }),
      expired: await signWith({}, { ...good, exp: inSeconds(-60) }),
      "not valid yet": await signWith({}, { ...good, nbf: inSeconds(600) }),
      "no subject": await signWith({}, { ...good, sub: undefined }),
    };
    expect(await refusals(tokens)).toEqual(allRefused(tokens));
    const before = await query("SELECT count(*) FROM users");
    for (const sub of [crypto.randomUUID(), "admin", "' OR 1=1 --", "\0", "", "a".repeat(10_000)]) {
      const answer = await get(`Bearer ${await signWith({}, { ...good, sub })}`);
      expect([401, 403]).toContain(answer.status);
    }
    expect(await query("SELECT count(*) FROM users")).toEqual(before);
  });

  it("in another scheme or place than `Authorization: Bearer` signs nobody in", async () => {
    const token = await tokenOf(who);
    for (const authorization of [
      `Basic ${Buffer.from(`${who}:${token}`).toString("base64")}`,
      `Token ${token}`,
      `bearer${token}`,
      token,
      `Bearer ${token} ${token}`,
      `Bearer ${token}, Bearer ${token}`,
      `Bearer ${token}.${token}`,
      `Bearer ${"a".repeat(4000)}.${"a".repeat(4000)}.${"a".repeat(4000)}`,
      "Bearer ",
      "Bearer null",
      `Bearer ${target.encryptionKey}`,
    ])
      expect((await get(authorization)).status).toBe(401);
    for (const path of [`/v1/quota?access_token=${token}`, `/v1/quota?token=${token}`])
      expect([400, 401]).toContain((await ask(undefined, "GET", path)).status);
    for (const header of ["x-authorization", "x-access-token", "x-forwarded-user", "x-user-id", "x-service"])
      expect(
        (await ask(undefined, "GET", "/v1/quota", { headers: { [header]: `Bearer ${token}` } })).status,
      ).toBe(401);
  });

  it("of a service, or for Uppy's routes, opens nothing else; no claim makes an operator", async () => {
    const service = { authorization: `Bearer ${target.serviceToken}` };
    for (const [method, path] of [
      ["GET", "/v1/files"],
      ["GET", "/v1/quota"],
      ["GET", "/v1/admin/audit"],
      ["POST", "/v1/s3-tokens"],
    ] as const)
      expect((await ask(undefined, method, path, { headers: service })).status).toBe(401);
    const { token } = (await ask(who, "POST", "/v1/s3-tokens", { json: {} })).json<{ token: string }>();
    expect((await get(`Bearer ${token}`)).status).toBe(401);
    expect((await ask(undefined, "GET", `/s3-token/${token}/v1/files`)).status).toBe(404);
    expect((await ask(who, "DELETE", `/v1/s3-tokens/${token}`)).status).toBe(204);
    expect((await ask(undefined, "GET", `/s3-token/${token}/s3/params?filename=a.wav`)).status).toBe(401);
    const claims = {
      ...good,
      role: "operator",
      operator: true,
      isOperator: true,
      scope: "admin",
      roles: ["operator"],
    };
    const authorization = `Bearer ${await signWith({}, claims)}`;
    expect((await ask(undefined, "GET", "/v1/admin/audit", { headers: { authorization } })).status).toBe(403);
    expect((await ask(target.people.operator, "GET", "/v1/admin/audit")).status).toBe(200);
  });

  it("meets a framework of a version that has the mends for all of this (hono 4.12.21 or newer)", () => {
    const lockfile = readFileSync(join(import.meta.dirname, "../../pnpm-lock.yaml"), "utf8");
    const versions = [...lockfile.matchAll(/^ {2}hono@(\d+)\.(\d+)\.(\d+):/gm)].map(([, ...parts]) =>
      parts.map(Number),
    );
    expect(versions.length).toBeGreaterThan(0);
    for (const [major = 0, minor = 0, patch = 0] of versions)
      expect(major * 1e6 + minor * 1e3 + patch).toBeGreaterThanOrEqual(4_012_021);
  });
});
