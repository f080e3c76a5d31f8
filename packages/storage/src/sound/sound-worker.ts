import { parentPort } from "node:worker_threads";
import { inspectAudio } from "@audiotricks/audio-preflight/inspect";
import { rangedSource } from "./ranged-source.ts";
import type { FromWorker, ToWorker } from "./worker-messages.ts";

// Reads one file after another with code that was written for files of good will; what it does not come back from is ended with it.
const port = parentPort;
if (port === null) throw new Error("sound-worker.ts is for a worker");
const say = (message: FromWorker) => port.postMessage(message);
/** Of the range that is waited for, of each that is. */
const waiting = new Map<number, PromiseWithResolvers<ArrayBuffer>>();
let lastRange = 0;

port.on("message", (message: ToWorker) => {
  switch (message.say) {
    case "inspect":
      void inspect(message.size);
      return;
    case "bytes": {
      const { range, bytes } = message;
      const asked = waiting.get(range);
      waiting.delete(range);
      if (bytes === null) asked?.reject(new Error("not to be had"));
      else asked?.resolve(bytes);
      return;
    }
    default:
      message satisfies never;
  }
});

async function inspect(size: number): Promise<void> {
  const source = rangedSource(size, (offset, length) => {
    const asked = Promise.withResolvers<ArrayBuffer>();
    lastRange += 1;
    waiting.set(lastRange, asked);
    say({ say: "read", range: lastRange, offset, length });
    return asked.promise;
  });
  say({ say: "facts", facts: await inspectAudio(source) });
}

say({ say: "ready" });
