import { once } from "node:events";
import { type AddressInfo, createConnection, createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";

export type LaneCommand = { limit: number | null } | "cut" | "mend";

const { serverPort } = workerData as { serverPort: number };
const sockets = new Set<Socket>();
let rate: number | null = null;
let freeAt = 0;
let isCut = false;

parentPort?.on("message", (command: LaneCommand) => {
  if (command === "cut") {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  } else if (command === "mend") {
    isCut = false;
  } else {
    rate = command.limit;
    freeAt = 0;
  }
});

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
    if (isUpload) await admit(bytes.length);
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
