import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Random } from "./random.ts";

export interface ReceivedEvent {
  id: string;
  type: string;
  sequence: number;
  /** `undefined` for those that are about no file. */
  fileId: string | undefined;
}

export interface Receiver extends AsyncDisposable {
  url: string;
  /** Those taken, in order of arrival, each as often as it came. */
  received: ReceivedEvent[];
  /** How many of a hundred are refused, or taken without an answer. */
  troublePercent: number;
}

/** Takes events, as the processing pipeline does. */
export async function startReceiver(random: Random): Promise<Receiver> {
  const server = createServer((message, response) => {
    let body = "";
    message.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    message.on("error", () => undefined);
    message.on("end", () => {
      const trouble = random.chance(receiver.troublePercent / 100);
      if (trouble && random.chance(0.5)) return void response.writeHead(500).end();
      const { type, sequence, data } = JSON.parse(body) as {
        type: string;
        sequence: number;
        data: { file?: { id: string } };
      };
      const id = String(message.headers["webhook-id"]);
      receiver.received.push({ id, type, sequence, fileId: data.file?.id });
      if (trouble) message.socket.destroy();
      else response.writeHead(204).end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    received: [],
    troublePercent: 0,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}
