import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type StorageEvent, storageEvent } from "@audiotricks/protocol/events";

export interface EventReceiver extends AsyncDisposable {
  url: string;
  /** By their id: one that came twice is one. */
  events: Map<string, StorageEvent>;
  /** Bodies that are no event of this version. */
  strange: string[];
}

export async function startEventReceiver(): Promise<EventReceiver> {
  const events = new Map<string, StorageEvent>();
  const strange: string[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const body = Buffer.concat(parts).toString();
      const { success, data } = storageEvent.safeParse(JSON.parse(body));
      if (success) events.set(String(request.headers["webhook-id"]), data);
      else strange.push(body);
      response.writeHead(204).end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    events,
    strange,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
