import { once } from "node:events";
import { createConnection, createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/**
 * A wire between the browser and a server that a test can make slow or cut, so that "in mid-upload" is a place and not a
 * matter of luck. It passes bytes and knows nothing of HTTP; signatures hold, because the browser still believes it speaks
 * to the server's own address (`chromiumRules`).
 */
export interface Lane extends AsyncDisposable {
  /** From the browser to the server, over all connections; `null` for as fast as it goes. */
  limit(bytesPerSecond: number | null): void;
  /** Ends every connection at once and lets none through until `mend`. */
  cut(): void;
  mend(): void;
  /** For Chromium's `--host-resolver-rules`: leads what is meant for the server through here. */
  chromiumRule: string;
}

export async function openLane(serverPort: number): Promise<Lane> {
  const sockets = new Set<Socket>();
  let rate: number | null = null;
  let freeAt = 0;
  let isCut = false;

  /** Waits until so many bytes may pass. */
  const admit = async (bytes: number): Promise<void> => {
    if (rate === null) return;
    const now = performance.now();
    const startAt = Math.max(now, freeAt);
    freeAt = startAt + (bytes / rate) * 1000;
    await delay(startAt - now);
  };
  const pump = async (from: Socket, to: Socket, isUpload: boolean): Promise<void> => {
    for await (const bytes of from as AsyncIterable<Buffer>) {
      if (isUpload) await admit(bytes.length);
      if (!to.write(bytes)) await once(to, "drain");
    }
    to.end();
  };

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
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("no port");

  const endAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    chromiumRule: ["127.0.0.1", "localhost", "*.localhost"]
      .map((host) => `MAP ${host}:${serverPort} 127.0.0.1:${address.port}`)
      .join(","),
    limit: (bytesPerSecond) => {
      rate = bytesPerSecond;
      freeAt = 0;
    },
    cut: () => {
      isCut = true;
      endAll();
    },
    mend: () => {
      isCut = false;
    },
    async [Symbol.asyncDispose]() {
      endAll();
      listener.close();
      await once(listener, "close");
    },
  };
}
