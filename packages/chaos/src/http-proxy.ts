import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Random } from "./random.ts";

const CUTS = ["before", "in the request", "after", "in the answer"] as const;
type Cut = (typeof CUTS)[number];

export interface HttpProxy extends AsyncDisposable {
  endpoint: string;
  /** How many of a hundred requests lose their connection. */
  cutPercent: number;
  /** By where. */
  cuts: Map<Cut, number>;
}

/**
 * Spreads requests over the servers that are there, and cuts connections: before the server hears of the request, in
 * the midst of its body, when it is done and nobody hears of it, and in the midst of the answer. Host passes unchanged,
 * so signatures for this address hold.
 *
 * @param targets Origins of servers that live; none of them answers 502.
 */
export async function startHttpProxy(targets: () => readonly string[], random: Random): Promise<HttpProxy> {
  const agent = new Agent({ keepAlive: true });
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 }, serve);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy: HttpProxy = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cutPercent: 0,
    cuts: new Map(),
    async [Symbol.asyncDispose]() {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;

  function serve(message: IncomingMessage, response: ServerResponse): void {
    const cut = random.chance(proxy.cutPercent / 100) ? random.pick(CUTS) : undefined;
    if (cut !== undefined) proxy.cuts.set(cut, (proxy.cuts.get(cut) ?? 0) + 1);
    message.on("error", () => undefined);
    response.on("error", () => undefined);
    const alive = targets();
    if (cut === "before") message.socket.destroy();
    else if (alive.length === 0) refuse(message, response);
    else forward(message, response, { to: random.pick(alive), cut });
  }

  function forward(
    message: IncomingMessage,
    response: ServerResponse,
    { to, cut }: { to: string; cut: Cut | undefined },
  ): void {
    const { hostname, port } = new URL(to);
    const { method, url: path, headers } = message;
    const forwarded = request({ agent, hostname, port, method, path, headers });
    // What a load balancer says of a server that is gone, if it has said nothing yet.
    forwarded.on("error", () =>
      response.headersSent ? message.socket.destroy() : refuse(message, response),
    );
    forwarded.on("response", (answer) => {
      answer.on("error", () => message.socket.destroy());
      if (cut === "after") {
        answer.resume();
        message.socket.destroy();
        return;
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      if (cut === "in the answer") {
        response.flushHeaders();
        answer.once("data", (bytes: Buffer) => {
          response.write(bytes.subarray(0, bytes.length / 2), () => message.socket.destroy());
        });
        answer.once("end", () => message.socket.destroy());
        return;
      }
      answer.on("aborted", () => message.socket.destroy());
      answer.pipe(response);
    });
    // Whoever goes away takes the request along, as with most proxies, unless it was cut off for having gone.
    response.on("close", () => {
      if (!response.writableFinished && cut === undefined) forwarded.destroy();
    });
    if (cut === "in the request")
      message.once("data", (bytes: Buffer) => {
        forwarded.write(bytes.subarray(0, bytes.length / 2));
        forwarded.destroy();
        message.socket.destroy();
      });
    else message.pipe(forwarded);
    if (cut === "in the request") message.once("end", () => forwarded.end());
  }

  function refuse(message: IncomingMessage, response: ServerResponse): void {
    message.resume();
    response.writeHead(502, { "content-type": "text/plain", connection: "close" });
    response.end("Bad Gateway");
  }
}
