import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { LaneCommand } from "./lane-thread.ts";

/**
 * A wire between the browser and a server that a test can make slow or cut, so that "in mid-upload" is a place and not a
 * matter of luck. It passes bytes and knows nothing of HTTP; signatures hold, because the browser still believes it speaks
 * to the server's own address (`chromiumRule`).
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

/** In a thread of its own: there the garbage collection that so many bytes bring about has nothing to look through. */
export async function openLane(serverPort: number): Promise<Lane> {
  const thread = new Worker(new URL("./lane-thread.ts", import.meta.url), { workerData: { serverPort } });
  const [port] = (await once(thread, "message")) as [number];
  const tell = (command: LaneCommand) => thread.postMessage(command);
  return {
    chromiumRule: ["127.0.0.1", "localhost", "*.localhost"]
      .map((host) => `MAP ${host}:${serverPort} 127.0.0.1:${port}`)
      .join(","),
    limit: (bytesPerSecond) => tell({ limit: bytesPerSecond }),
    cut: () => tell("cut"),
    mend: () => tell("mend"),
    async [Symbol.asyncDispose]() {
      await thread.terminate();
    },
  };
}
