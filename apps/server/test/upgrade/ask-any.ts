import { setTimeout as delay } from "node:timers/promises";
import type { Release, ReleaseServer } from "./two-releases.ts";

export interface Answer {
  release: Release;
  method: string;
  path: string;
  status: number;
}

export interface Requests {
  answers: Answer[];
  /** Cut off by a server that nobody had told to stop. */
  cutOff: string[];
}

export interface Asked {
  method?: "GET" | "POST" | "PATCH" | "DELETE";
  token: string;
  json?: unknown;
  headers?: Record<string, string>;
}

const PATIENCE_MS = 60_000;

/** As behind a load balancer: whichever server takes it, and another one where that is on its way out. Only what may be repeated. */
export async function askAny(
  servers: readonly ReleaseServer[],
  { answers, cutOff }: Requests,
  path: string,
  { method = "GET", ...asked }: Asked,
): Promise<Response> {
  for (const deadline = Date.now() + PATIENCE_MS; ; ) {
    const server = servers[Math.floor(Math.random() * servers.length)];
    if (server !== undefined) {
      try {
        const response = await server.fetch(path, { method, ...asked });
        answers.push({
          release: server.release,
          method,
          path: path.replace(/[0-9a-f-]{36}/g, ":id"),
          status: response.status,
        });
        return response;
      } catch (error) {
        if (!server.isStopping) cutOff.push(`${server.release} ${method} ${path}: ${String(error)}`);
      }
    }
    if (Date.now() > deadline) throw new Error(`No server took ${method} ${path}.`);
    await delay(20);
  }
}
