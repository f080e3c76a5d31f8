import { normalizeEndpoint, type SpacesProvider, takesSubdomains } from "@audiotricks/storage";
import type { ServerConfig } from "./config.ts";

/** Name by which browsers on this machine, or told otherwise by `PUBLIC_URL`, reach us. */
export function publicHost({ publicUrl, host }: Pick<ServerConfig, "publicUrl" | "host">): string {
  if (publicUrl !== undefined) return new URL(publicUrl).hostname;
  if (host === "0.0.0.0" || host === "::" || host === "::1") return host === "::1" ? "[::1]" : "127.0.0.1";
  return host;
}

/** Where the page is, in the one form that is printed. */
export function publicUrl(config: Pick<ServerConfig, "publicUrl" | "host">, port: number): string {
  return config.publicUrl ?? `http://${publicHost(config)}:${port}`;
}

/** Origins under which a browser may have loaded the page: the bucket must let each of them send. */
export function pageOrigins(
  config: Pick<ServerConfig, "publicUrl" | "host" | "allowedOrigins">,
  port: number,
): string[] {
  const here = new URL(publicUrl(config, port));
  const origins = new Set([here.origin, ...config.allowedOrigins]);
  // People type either. An origin leaves out the port that its scheme implies.
  if (here.hostname === "127.0.0.1") origins.add(new URL(`http://localhost:${port}`).origin);
  if (here.hostname === "localhost") origins.add(new URL(`http://127.0.0.1:${port}`).origin);
  return [...origins];
}

/** Origins that signed and public URLs of a bucket can have, in either style of address. */
export function storeOrigins({
  endpoint,
  bucket,
  cdnEndpoint,
}: Pick<SpacesProvider, "endpoint" | "bucket" | "cdnEndpoint">): string[] {
  const { origin, protocol, host } = new URL(normalizeEndpoint(endpoint));
  const origins = [origin];
  if (takesSubdomains(origin)) origins.push(`${protocol}//${bucket}.${host}`);
  if (cdnEndpoint !== undefined) origins.push(normalizeEndpoint(cdnEndpoint));
  return origins;
}
