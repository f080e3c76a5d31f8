import { UploadError } from "@audiotricks/protocol";
import type { Context } from "hono";
import type { CompanionEnv } from "./companion-env.ts";

/** How the companion is reached from outside, where that differs from the request it sees. */
export interface PublicAddress {
  /** Origin, as `https://uploads.example.com`; by default the request's own. */
  publicUrl?: string | undefined;
  /** Believe `X-Forwarded-Proto` and `X-Forwarded-Host`: only behind a proxy that sets them. */
  trustForwarded?: boolean | undefined;
}

/**
 * @throws {TypeError} If an origin is not exactly what a browser sends: scheme, host and port, without path. `*` and
 *   `null` are never allowed.
 */
export function parseOrigins(origins: readonly string[]): ReadonlySet<string> {
  for (const origin of origins) {
    const parsed = URL.parse(origin);
    if (parsed === null || parsed.origin !== origin || !/^https?:$/.test(parsed.protocol))
      throw new TypeError(`${JSON.stringify(origin)} is not an origin such as https://app.example.com`);
  }
  return new Set(origins);
}

/**
 * A browser sends cookies along with requests that other sites make, some of them without a preflight. Whatever
 * changes something is therefore refused from an origin that is neither ours nor allowed.
 */
export function refuseForeignOrigins(
  allowed: ReadonlySet<string>,
  address: PublicAddress,
): (c: Context<CompanionEnv>) => void {
  return (c) => {
    if (!changesSomething(c.req.method, c.req.path)) return;
    const origin = c.req.header("origin");
    if (origin !== undefined && !allowed.has(origin) && !isOwnOrigin(c, origin, address))
      throw new UploadError("forbidden", "Requests from this origin are not allowed.");
    if (origin === undefined && c.req.header("sec-fetch-site") === "cross-site")
      throw new UploadError("forbidden", "Requests from other sites are not allowed.");
  };
}

export function publicOrigin(c: Context<CompanionEnv>, { publicUrl, trustForwarded }: PublicAddress): string {
  if (publicUrl !== undefined) return new URL(publicUrl).origin;
  const { origin, protocol, host } = new URL(c.req.url);
  if (trustForwarded !== true) return origin;
  const forwardedProtocol = firstOf(c.req.header("x-forwarded-proto")) ?? protocol.slice(0, -1);
  const forwardedHost = firstOf(c.req.header("x-forwarded-host")) ?? host;
  const forwarded = URL.parse(`${forwardedProtocol}://${forwardedHost}`);
  return forwarded !== null && /^https?:$/.test(forwarded.protocol) ? forwarded.origin : origin;
}

/** GET has no effect in version 1; of Uppy Companion's routes `/s3/params` has: it begins an upload. */
export function changesSomething(method: string, path: string): boolean {
  return !["GET", "HEAD", "OPTIONS"].includes(method) || path.endsWith("/s3/params");
}

/** By host alone: behind a proxy that ends TLS we see http where the browser says https. */
function isOwnOrigin(c: Context<CompanionEnv>, origin: string, address: PublicAddress): boolean {
  const host = URL.parse(origin)?.host;
  return host === new URL(c.req.url).host || host === new URL(publicOrigin(c, address)).host;
}

function firstOf(header: string | undefined): string | undefined {
  return header?.split(",")[0]?.trim() || undefined;
}
