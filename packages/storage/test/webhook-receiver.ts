import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";

export const WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

/** One delivery that arrived and whose signature the reference library of Standard Webhooks accepted. */
export interface Delivery {
  id: string;
  event: {
    type: string;
    version: number;
    sequence: number;
    data: { file?: { id: string } } & Record<string, unknown>;
  };
  headers: IncomingHttpHeaders;
}

export interface WebhookReceiver extends AsyncDisposable {
  url: string;
  deliveries: Delivery[];
  /** Answers what comes next; 204 by default. */
  answer: (delivery: Delivery, response: ServerResponse) => void;
  /** Signatures that did not hold. */
  forged: unknown[];
}

export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const webhook = new Webhook(WEBHOOK_SECRET);
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      const headers = request.headers as Record<string, string>;
      try {
        const event = webhook.verify(body, headers) as Delivery["event"];
        const delivery = { id: headers["webhook-id"] ?? "", event, headers };
        receiver.deliveries.push(delivery);
        receiver.answer(delivery, response);
      } catch (error) {
        receiver.forged.push(error);
        response.writeHead(401).end();
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const receiver: WebhookReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    deliveries: [],
    answer: (_, response) => response.writeHead(204).end(),
    forged: [],
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return receiver;
}
