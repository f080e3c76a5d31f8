import { createServer } from "node:http";
import { UploadError } from "@audiotricks/protocol";
import {
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWTHeaderParameters,
  SignJWT,
  UnsecuredJWT,
} from "jose";
import { describe, expect, it, vi } from "vitest";
import { type BearerJwtOptions, bearerJwt } from "./bearer-jwt.ts";

const USER = "aaaaaaaa-0000-4000-8000-000000000001";
const SIGNED_IN = { userId: USER, expiresAt: expect.any(Date) };
const SECRET = "0123456789abcdef0123456789abcdef";
const claims = { issuer: "https://issuer.example", audience: "uploads" };
const bySecret = { ...claims, algorithms: ["HS256"], secret: SECRET } satisfies BearerJwtOptions;

function token(header: JWTHeaderParameters = { alg: "HS256" }) {
  return new SignJWT()
    .setProtectedHeader(header)
    .setSubject(USER)
    .setIssuer(claims.issuer)
    .setAudience(claims.audience)
    .setExpirationTime("5m");
}
const sign = (jwt: SignJWT) => jwt.sign(new TextEncoder().encode(SECRET));

async function principalOf(options: BearerJwtOptions, authorization: string | undefined) {
  const headers = authorization === undefined ? new Headers() : new Headers({ authorization });
  return await bearerJwt(options)(new Request("http://localhost", { headers }));
}

describe("bearerJwt", () => {
  it("takes a token that is signed, addressed to us and in time", async () => {
    expect(await principalOf(bySecret, `Bearer ${await sign(token())}`)).toEqual(SIGNED_IN);
    expect(await principalOf(bySecret, `bearer ${await sign(token())}`)).toEqual(SIGNED_IN);
  });

  it("says when the sign-in ends, which is when the token does", async () => {
    const ends = Math.floor(Date.now() / 1000) + 77;
    const findUser = async (userId: string) => ({ userId, isOperator: true, expiresAt: new Date(0) });
    const authorization = `Bearer ${await sign(token().setExpirationTime(ends))}`;
    expect(await principalOf({ ...bySecret, findUser }, authorization)).toEqual({
      userId: USER,
      isOperator: true,
      expiresAt: new Date(ends * 1000),
    });
  });

  it("refuses a token of anyone else, for anyone else, tampered with, or without an end", async () => {
    const good = await sign(token());
    const [head, body, signature] = good.split(".");
    const refused = [
      undefined,
      "",
      "Bearer",
      "Bearer ",
      "Bearer x",
      `Basic ${good}`,
      good,
      `Bearer ${good}, Bearer ${good}`,
      `Bearer ${good} ${good}`,
      `Bearer ${head}.${body}.`,
      `Bearer ${head}.${body}.${signature?.slice(0, -4)}AAAA`,
      `Bearer ${head}.${body}.${signature}.x`,
      `Bearer ${"a".repeat(9000)}.a.a`,
      `Bearer ${await sign(token().setIssuer("https://other.example"))}`,
      `Bearer ${await sign(token().setAudience("other"))}`,
      `Bearer ${await sign(token().setSubject(""))}`,
      `Bearer ${await sign(token().setNotBefore("1h"))}`,
      `Bearer ${await sign(token({ alg: "HS512" }))}`,
      `Bearer ${new UnsecuredJWT({ sub: USER, iss: claims.issuer, aud: claims.audience }).setExpirationTime("5m").encode()}`,
      `Bearer ${await sign(new SignJWT({ sub: USER, iss: claims.issuer, aud: claims.audience }).setProtectedHeader({ alg: "HS256" }))}`,
      `Bearer ${await new SignJWT({ sub: USER, aud: claims.audience }).setProtectedHeader({ alg: "HS256" }).setExpirationTime("5m").sign(new TextEncoder().encode(SECRET))}`,
    ];
    for (const authorization of refused) {
      const outcome = await principalOf(bySecret, authorization).catch((error: unknown) =>
        error instanceof UploadError ? error.code : error,
      );
      expect([null, "unknown_user"], authorization).toContain(outcome);
    }
  });

  it("says that a token has expired, so that a page knows to sign in again", async () => {
    const expired = `Bearer ${await sign(token().setExpirationTime("-1h"))}`;
    await expect(principalOf(bySecret, expired)).rejects.toMatchObject({
      code: "unauthenticated",
      message: expect.stringContaining("expired"),
    });
  });

  it("answers 403 for a subject that is nobody here", async () => {
    const authorization = `Bearer ${await sign(token())}`;
    await expect(
      principalOf({ ...bySecret, findUser: async () => null }, authorization),
    ).rejects.toMatchObject({ code: "unknown_user" });
    const named = `Bearer ${await sign(token().setSubject("alpha"))}`;
    await expect(principalOf(bySecret, named)).rejects.toMatchObject({ code: "unknown_user" });
    const findUser = async (subject: string) => ({ userId: `user of ${subject}` });
    expect(await principalOf({ ...bySecret, findUser }, named)).toEqual({
      ...SIGNED_IN,
      userId: "user of alpha",
    });
  });

  it("never takes a public key for an HMAC secret", async () => {
    const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
    const options = { ...claims, algorithms: ["RS256"], key: publicKey };
    expect(await principalOf(options, `Bearer ${await token({ alg: "RS256" }).sign(privateKey)}`)).toEqual(
      SIGNED_IN,
    );
    const forged = await token({ alg: "HS256" }).sign(new TextEncoder().encode(await exportSPKI(publicKey)));
    expect(await principalOf(options, `Bearer ${forged}`)).toBeNull();
    const asJwk = { ...options, key: await exportJWK(publicKey) };
    expect(await principalOf(asJwk, `Bearer ${forged}`)).toBeNull();
    expect(await principalOf(asJwk, `Bearer ${await token({ alg: "RS256" }).sign(privateKey)}`)).toEqual(
      SIGNED_IN,
    );
  });

  it.each([
    { ...claims, algorithms: ["RS256"], secret: SECRET },
    { ...claims, algorithms: ["HS256"], jwksUrl: "https://issuer.example/jwks" },
    { ...claims, algorithms: ["none"], secret: SECRET },
    { ...claims, algorithms: [], secret: SECRET },
    { ...claims, algorithms: ["HS256"], secret: "short" },
    { ...claims, issuer: "", algorithms: ["HS256"], secret: SECRET },
    { ...claims, audience: [], algorithms: ["HS256"], secret: SECRET },
  ])("refuses a set-up that is unsafe: %j", (options) => {
    expect(() => bearerJwt(options)).toThrow(TypeError);
  });

  it("reads the issuer's key set, refuses a token that names no key of it, and does not blame the caller for its loss", async () => {
    const { publicKey, privateKey } = await generateKeyPair("ES256");
    const keys = [{ ...(await exportJWK(publicKey)), kid: "k1", alg: "ES256" }];
    let available = true;
    const issuer = createServer((_, response) => {
      response.writeHead(available ? 200 : 502, { "content-type": "application/json" });
      response.end(JSON.stringify({ keys }));
    });
    await new Promise<void>((resolve) => issuer.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = issuer.address() as { port: number };
      const options = { ...claims, algorithms: ["ES256"], jwksUrl: `http://127.0.0.1:${port}/jwks` };
      const signed = async (kid?: string) =>
        `Bearer ${await token({ alg: "ES256", ...(kid === undefined ? {} : { kid }) }).sign(privateKey)}`;
      expect(await principalOf(options, await signed("k1"))).toEqual(SIGNED_IN);
      expect(await principalOf(options, await signed())).toBeNull();
      expect(await principalOf(options, await signed("k2"))).toBeNull();
      available = false;
      await expect(principalOf(options, await signed("k1"))).rejects.toThrow(/200 OK/);
    } finally {
      issuer.close();
    }
  });

  it("takes up the issuer's new keys without a restart, and lets go of those it withdrew, asking seldom", async () => {
    const pairs = await Promise.all([generateKeyPair("ES256"), generateKeyPair("ES256")]);
    const [first, second] = await Promise.all(
      pairs.map(async ({ publicKey }, index) => ({
        ...(await exportJWK(publicKey)),
        kid: `k${index}`,
        alg: "ES256",
      })),
    );
    let keys = [first];
    let fetches = 0;
    const issuer = createServer((_, response) => {
      fetches++;
      response.setHeader("content-type", "application/json").end(JSON.stringify({ keys }));
    });
    await new Promise<void>((resolve) => issuer.listen(0, "127.0.0.1", resolve));
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      const { port } = issuer.address() as { port: number };
      const authenticate = bearerJwt({
        ...claims,
        algorithms: ["ES256"],
        jwksUrl: `http://127.0.0.1:${port}/jwks`,
      });
      const ask = async (index: 0 | 1) => {
        const signed = await token({ alg: "ES256", kid: `k${index}` }).sign(pairs[index].privateKey);
        const headers = { authorization: `Bearer ${signed}` };
        return await authenticate(new Request("http://localhost", { headers }));
      };
      for (let times = 0; times < 20; times++) expect(await ask(0)).toEqual(SIGNED_IN);
      expect(fetches).toBe(1);
      keys = [first, second];
      // Whoever invents ids makes nobody ask more often.
      for (let times = 0; times < 20; times++) expect(await ask(1)).toBeNull();
      expect(fetches).toBe(1);
      vi.setSystemTime(Date.now() + 31_000);
      expect(await ask(1)).toEqual(SIGNED_IN);
      expect(await ask(0)).toEqual(SIGNED_IN);
      expect(fetches).toBe(2);
      keys = [second];
      vi.setSystemTime(Date.now() + 601_000);
      expect(await ask(0)).toBeNull();
      expect(await ask(1)).toEqual(SIGNED_IN);
    } finally {
      vi.useRealTimers();
      issuer.close();
    }
  });
});
