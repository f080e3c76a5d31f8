import { importJWK, type JWK, SignJWT } from "jose";
import { target } from "./about.ts";
import { writeDown } from "./evidence.ts";

const tokens = new Map<string, Promise<string>>();

/** A token of the issuer's own, good for an hour. */
export function tokenOf(userId: string): Promise<string> {
  const known = tokens.get(userId) ?? sign(userId);
  tokens.set(userId, known);
  return known;
}

async function sign(userId: string): Promise<string> {
  const { name, audience, keyId, privateJwk } = target.issuer;
  const token = await new SignJWT()
    .setProtectedHeader({ alg: "RS256", kid: keyId })
    .setSubject(userId)
    .setIssuer(name)
    .setAudience(audience)
    .setExpirationTime("1h")
    .sign(await importJWK(privateJwk as JWK, "RS256"));
  writeDown(target.folder, "secrets", `${token}\n`);
  return token;
}
