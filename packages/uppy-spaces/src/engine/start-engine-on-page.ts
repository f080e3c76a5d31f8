import { createBlobHasher } from "../md5/blob-hasher.ts";
import type { FromEngine, ToEngine } from "./engine-messages.ts";
import { startEngine } from "./start-engine.ts";

/** Hashes between frames: a page has other things to do. */
export function startEngineOnPage(post: (message: FromEngine) => void): (message: ToEngine) => void {
  return startEngine(post, {
    hash: createBlobHasher({ rest: () => new Promise((resolve) => setTimeout(resolve)) }),
  });
}
