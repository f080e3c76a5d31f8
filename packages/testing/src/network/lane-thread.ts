import { once } from "node:events";
import { type AddressInfo, createConnection, createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";

export type LaneCommand = { limit: number | null } | { cutAfter: number; id: number } | "cut" | "mend";
/** Which `cutAfter` has come to pass. */
export interface LaneNews {
  cut: number;
}

const { serverPort } = workerData as { serverPort: number };
const sockets = new Set<Socket>();
let rate: number | null = null;
let freeAt = 0;
let isCut = false;
/** A cut that is to come: after how many bytes. */
let coming: { bytes: number; id: number } | undefined;

parentPort?.on("message", (command: LaneCommand) => {
  if (command === "cut") {
    cut();
  } else if (command === "mend") {
    isCut = false;
    coming = undefined;
  } else if ("cutAfter" in command) {
    coming = { bytes: command.cutAfter, id: command.id };
  } else {
    rate = command.limit;
    freeAt = 0;
  }
});

function cut(): void {
  isCut = true;
  for (const socket of sockets) socket.destroy();
}

const listener = createServer({ allowHalfOpen: true }, (browser) => {
  if (isCut) {
    browser.resetAndDestroy();
    return;
  }
  const server = createConnection({ port: serverPort, host: "127.0.0.1", allowHalfOpen: true });
  const endBoth = () => {
    browser.destroy();
    server.destroy();
  };
  for (const socket of [browser, server]) {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", endBoth);
    socket.on("close", () => sockets.delete(socket));
  }
  Promise.all([pump(browser, server, true), pump(server, browser, false)]).catch(endBoth);
});
listener.listen(0, "127.0.0.1", () => parentPort?.postMessage((listener.address() as AddressInfo).port));

async function pump(from: Socket, to: Socket, isUpload: boolean): Promise<void> {
  for await (const bytes of from as AsyncIterable<Buffer>) {
    if (isUpload) {
      await admit(bytes.length);
      count(bytes.length);
    }
    if (!to.write(bytes)) await once(to, "drain");
  }
  to.end();
}

/** Waits until so many bytes may pass. */
async function admit(bytes: number): Promise<void> {
  if (rate === null) return;
  const now = performance.now();
  const startAt = Math.max(now, freeAt);
  freeAt = startAt + (bytes / rate) * 1000;
  await delay(startAt - now);
}

function count(bytes: number): void {
  if (coming === undefined) return;
  coming.bytes -= bytes;
  if (coming.bytes > 0) return;
  cut();
  parentPort?.postMessage({ cut: coming.id } satisfies LaneNews);
  coming = undefined;
}
