import { createBlobHasher } from "./md5/blob-hasher.ts";
import type { HashAnswer, HashRequest } from "./part-hasher.ts";

/** What a dedicated worker's global offers, as far as it is used here: the page's types are loaded, not the worker's. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<HashRequest>) => void) | null;
  postMessage: (answer: HashAnswer) => void;
}

const scope = globalThis as unknown as WorkerScope;
const hashBlob = createBlobHasher();
const running = new Map<number, AbortController>();

scope.onmessage = ({ data }) => {
  if (data.type === "cancel") running.get(data.id)?.abort();
  else void hash(data.id, data.blob);
};

async function hash(id: number, blob: Blob): Promise<void> {
  const controller = new AbortController();
  running.set(id, controller);
  try {
    scope.postMessage({ type: "hashed", id, digest: await hashBlob(blob, controller.signal) });
  } catch (error) {
    scope.postMessage({
      type: "failed",
      id,
      message: error instanceof Error ? error.message : String(error),
    });
  } finally {
    running.delete(id);
  }
}

scope.postMessage({ type: "ready" });
