import { UploadError } from "@audiotricks/protocol";
import type { Principal } from "@audiotricks/storage";
import { parse, serialize } from "hono/utils/cookie";
import type { Authenticate } from "./authenticate.ts";
import { changesSomething, parseOrigins } from "./origins.ts";

export interface SessionCookieOptions {
  /** Begins with `__Host-`: then no other host and no other scheme can have set it. */
  name?: string;
  /** Origins of the pages that sign in by it, each exactly as a browser sends it. */
  origins: readonly string[];
  /** The host's: who the session is of; `null` for one that is unknown or over. */
  findSession: (token: string) => Promise<Principal | null>;
  /** `Lax` lets a link from elsewhere arrive signed in, `Strict` does not. */
  sameSite?: "Lax" | "Strict";
}

export interface SessionCookie {
  authenticate: Authenticate;
  /** The `Set-Cookie` header that signs in. */
  set(token: string, options: { maxAgeSeconds: number }): string;
  /** The one that signs out. */
  clear(): string;
}

const MAX_TOKEN_LENGTH = 4096;

/**
 * Sign-in by a cookie, for pages of the companion's own site. A browser sends it along whoever wrote the page that asks: what changes
 * something is answered only to pages of `origins`.
 *
 * @throws {TypeError} If the name does not begin with `__Host-`, or an origin is not one.
 */
export function sessionCookie(options: SessionCookieOptions): SessionCookie {
  const { name = "__Host-session", findSession, sameSite = "Lax" } = options;
  if (!/^__Host-[\w-]{1,100}$/.test(name))
    throw new TypeError(`The name of a session cookie must begin with __Host-, which ${name} does not`);
  const origins = parseOrigins(options.origins);
  const attributes = { path: "/", secure: true, httpOnly: true, sameSite } as const;

  return {
    authenticate: async (request) => {
      const token = tokenOf(request, name);
      if (token === undefined) return null;
      if (changesSomething(request.method, new URL(request.url).pathname)) requireOwnPage(request, origins);
      return await findSession(token);
    },
    set: (token, { maxAgeSeconds }) => serialize(name, token, { ...attributes, maxAge: maxAgeSeconds }),
    clear: () => serialize(name, "", { ...attributes, maxAge: 0 }),
  };
}

function tokenOf(request: Request, name: string): string | undefined {
  const header = request.headers.get("cookie") ?? "";
  // Two of one name are not both ours, and which is cannot be told.
  if (header.split(";").filter((pair) => pair.split("=", 1)[0]?.trim() === name).length !== 1)
    return undefined;
  const token = parse(header, name)[name];
  return token === undefined || token === "" || token.length > MAX_TOKEN_LENGTH ? undefined : token;
}

/** Browsers name the origin of whatever is not a GET; of a GET they say whether it is of the same one. */
function requireOwnPage({ headers }: Request, origins: ReadonlySet<string>): void {
  const origin = headers.get("origin");
  const isOwn = origin === null ? headers.get("sec-fetch-site") === "same-origin" : origins.has(origin);
  if (!isOwn) throw new UploadError("forbidden", "Requests from this origin are not allowed.");
}
