import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { FilesEvent, QuotaResponse } from "@audiotricks/protocol/messages";
import { getRequestListener } from "@hono/node-server";
import type { Companion } from "../src/index.ts";

/** A companion behind a port, as a browser meets it. */
export async function serve(app: Companion) {
  const listener = getRequestListener((incoming, env) => app.fetch(incoming, env));
  /** What is on its way, the newest last. */
  const responses: ServerResponse[] = [];
  const server = createServer((incoming, response) => {
    responses.push(response);
    void listener(incoming, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    responses,
    read: (user: string | undefined, path = "/v1/events", method = "GET") =>
      readEvents({ port, path, method, user }),
    /** Asks, and goes away `afterMs` later, whatever has come. */
    hangUp: async (user: string, afterMs: number) => {
      const headers = { authorization: `Bearer ${user}` };
      const asked = request({ port, path: "/v1/events", headers, agent: false });
      asked.on("error", () => {}).end();
      await delay(afterMs);
      asked.destroy();
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type EventReader = Awaited<ReturnType<typeof readEvents>>;

/** One request, and what comes of it. */
async function readEvents(ask: { port: number; path: string; method: string; user: string | undefined }) {
  const headers = ask.user === undefined ? {} : { authorization: `Bearer ${ask.user}` };
  const asked = request({ port: ask.port, path: ask.path, method: ask.method, headers, agent: false });
  asked.end();
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    asked.once("response", resolve).once("error", reject);
  });
  let text = "";
  let isEnded = false;
  answer.setEncoding("utf8").on("data", (more: string) => {
    text += more;
  });
  answer.once("end", () => {
    isEnded = true;
  });
  // Of a connection that was dropped it is told by `isEnded`.
  answer.on("error", () => {});
  const quotas = () =>
    [...text.matchAll(/^event: quota\ndata: (.*)\n\n/gm)].map(
      ([, data = ""]) => JSON.parse(data) as QuotaResponse & { version: number },
    );
  /** What came last of them; `undefined` until anything has. */
  const files = () => {
    const last = [...text.matchAll(/^event: files\ndata: (.*)\n\n/gm)].at(-1)?.[1];
    return last === undefined ? undefined : (JSON.parse(last) as FilesEvent);
  };
  return {
    status: answer.statusCode,
    headers: answer.headers,
    text: () => text,
    /** All that came until now. */
    quotas,
    files,
    /** Of the last one, and of `scope`. */
    latest: (scope: "user" | "workspace" = "user") =>
      quotas()
        .at(-1)
        ?.quotas.find((quota) => quota.scope === scope),
    isEnded: () => isEnded,
    /** Takes nothing more, and stays. */
    pause: () => answer.socket.pause(),
    resume: () => answer.socket.resume(),
    leave: () => asked.destroy(),
  };
}
