import type { ServerConfig } from "./config.ts";
import type { RunningServer } from "./start-server.ts";

/** What a person reads who has just started the server: one address, how to sign in, and what this is not. */
export function welcome(
  config: ServerConfig,
  { url, storeProblem }: Pick<RunningServer, "url" | "storeProblem">,
): string {
  const lines = ["", `  AudioTricks uploads: ${url}`];
  if (config.auth.kind === "demo") lines.push("  Sign in as alpha or beta; there is no password.");
  if (config.databaseUrl === undefined || config.spaces === undefined)
    lines.push(`  ${embedded(config)} in ${config.dataDir}: for trying, not for production.`);
  if (config.auth.kind === "demo" && !isLoopback(config.host))
    lines.push(`  Listening on ${config.host}: anyone who can reach it can sign in.`);
  if (storeProblem !== undefined) lines.push(`  Nothing can be uploaded yet. ${storeProblem}`);
  return `${[...lines, "  Ctrl-C stops.", ""].join("\n")}\n`;
}

function embedded({ databaseUrl, spaces }: ServerConfig): string {
  if (databaseUrl !== undefined) return "The local store is";
  return spaces === undefined ? "Database and local store are" : "The embedded database is";
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}
