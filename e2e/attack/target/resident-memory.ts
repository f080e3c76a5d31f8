import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { target } from "./about.ts";

const EVERY_MS = 100;

/** Watches how much memory the server has, as the kernel knows it, until it is disposed. */
export function watchMemory(): Disposable & {
  /** Bytes: the most there was, above the beginning. */
  growth(): Promise<number>;
} {
  const samples: number[] = [];
  const ending = new AbortController();
  const watching = (async () => {
    while (!ending.signal.aborted) {
      samples.push(await residentBytes());
      await delay(EVERY_MS);
    }
  })();
  // Where the server is gone, so is the test.
  watching.catch(() => undefined);
  return {
    growth: async () => {
      const [first = 0] = samples;
      return Math.max(...samples, await residentBytes()) - first;
    },
    [Symbol.dispose]: () => ending.abort(),
  };
}

async function residentBytes(): Promise<number> {
  const status = await readFile(`/proc/${target.pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}
