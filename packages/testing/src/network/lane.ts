import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { LaneCommand, LaneNews } from "./lane-thread.ts";

/**
 * A wire between the browser and a server that a test can make slow or cut, so that "in mid-upload" is a place and not a
 * matter of luck. It passes bytes and knows nothing of HTTP; signatures hold as long as the browser believes it speaks to
 * the address that they are for: either that is the lane's own (`url`), or Chromium is led here from the server's (`chromiumRule`).
 */
export interface Lane extends AsyncDisposable {
  /** Where it listens, as an origin. */
  url: string;
  /** From the browser to the server, over all connections; `null` for as fast as it goes. */
  limit(bytesPerSecond: number | null): void;
  /** Ends every connection at once and lets none through until `mend`. */
  cut(): void;
  /** The same when so many more bytes have passed to the server. Resolves when they have; never after `mend`. */
  cutAfter(bytes: number): Promise<void>;
  mend(): void;
  /** For Chromium's `--host-resolver-rules`: leads what is meant for the server through here. */
  chromiumRule: string;
}

/** In a thread of its own: there the garbage collection that so many bytes bring about has nothing to look through. */
export async function openLane(serverPort: number): Promise<Lane> {
  // Built, it stands beside this file under its other name.
  const source = import.meta.url.endsWith(".ts") ? "./lane-thread.ts" : "./lane-thread.js";
  const thread = new Worker(new URL(source, import.meta.url), { workerData: { serverPort } });
  const [port] = (await once(thread, "message")) as [number];
  const tell = (command: LaneCommand) => thread.postMessage(command);
  let cuts = 0;
  return {
    url: `http://127.0.0.1:${port}`,
    chromiumRule: ["127.0.0.1", "localhost", "*.localhost"]
      .map((host) => `MAP ${host}:${serverPort} 127.0.0.1:${port}`)
      .join(","),
    limit: (bytesPerSecond) => tell({ limit: bytesPerSecond }),
    cut: () => tell("cut"),
    cutAfter: async (bytes) => {
      cuts += 1;
      const id = cuts;
      const isCut = new Promise<void>((resolve) => {
        const listen = (news: LaneNews) => {
          if (news.cut !== id) return;
          thread.off("message", listen);
          resolve();
        };
        thread.on("message", listen);
      });
      tell({ cutAfter: bytes, id });
      await isCut;
    },
    mend: () => tell("mend"),
    async [Symbol.asyncDispose]() {
      await thread.terminate();
    },
  };
}
