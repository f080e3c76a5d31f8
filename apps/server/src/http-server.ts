import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import { lingering } from "./linger.ts";
import { StartError } from "./start-error.ts";

type Fetch = Parameters<typeof getRequestListener>[0];

interface HttpServer {
  port: number;
  /** Takes no new connection, lets answers under way finish for `graceMs`, then cuts what is left. */
  close(graceMs: number): Promise<void>;
}

export interface ListeningServer extends HttpServer {
  serve(fetch: Fetch): void;
}

/** The settings that say where: whoever cannot listen there is told which to change. */
const OWN = { host: "HOST", port: "PORT" };

/**
 * Listens first, so that a port in use is known before anything is opened; until `serve` is called, answers 503.
 *
 * @throws {StartError} If the address cannot be listened on.
 */
export async function listen(
  options: { host: string; port: number },
  settings: typeof OWN = OWN,
): Promise<ListeningServer> {
  let current: Fetch = () => new Response("Starting", { status: 503, headers: { "Retry-After": "1" } });
  const listener = getRequestListener(async (request, env) => {
    const answer = (await current(request, env)) as Response;
    return answer.status === 413 ? await lingering(answer, (env as HttpBindings).incoming) : answer;
  });
  let isClosing = false;
  const server = createServer(
    { requestTimeout: 30_000, headersTimeout: 15_000, keepAliveTimeout: 10_000 },
    (request, response) => {
      // Whoever keeps its connection would send the next request to a server that is gone by then.
      if (isClosing) response.setHeader("Connection", "close");
      response.on("close", () => {
        if (isClosing) server.closeIdleConnections();
      });
      void listener(request, response);
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(describe(error, options, settings)));
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    serve: (fetch) => {
      current = fetch;
    },
    close: async (graceMs) => {
      isClosing = true;
      await close(server, graceMs);
    },
  };
}

function describe(
  error: NodeJS.ErrnoException,
  { host, port }: { host: string; port: number },
  settings: typeof OWN,
): Error {
  if (error.code === "EADDRINUSE")
    return new StartError(
      `Port ${port} is in use. Stop what listens there, or set ${settings.port} to another one.`,
      {
        cause: error,
      },
    );
  if (error.code === "EACCES")
    return new StartError(
      `Port ${port} needs more rights than this user has. Set ${settings.port} to one above 1023.`,
      {
        cause: error,
      },
    );
  if (error.code === "EADDRNOTAVAIL" || error.code === "ENOTFOUND")
    return new StartError(
      `${host} is not an address of this machine. Set ${settings.host} to 127.0.0.1 or 0.0.0.0.`,
      {
        cause: error,
      },
    );
  return error;
}

async function close(server: Server, graceMs: number): Promise<void> {
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  clearTimeout(timer);
}
