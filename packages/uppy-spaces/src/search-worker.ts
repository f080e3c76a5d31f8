import { createBlobHasher } from "./md5/blob-hasher.ts";
import { searchContent } from "./search-content.ts";
import type { FromSearch, ToSearch } from "./search-messages.ts";

/** What a dedicated worker's global offers, as far as it is used here: the page's types are loaded, not the worker's. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<ToSearch>) => void) | null;
  postMessage: (message: FromSearch) => void;
}

const scope = globalThis as unknown as WorkerScope;
const hash = createBlobHasher();
const searches = new Map<number, AbortController>();

scope.onmessage = ({ data }) => {
  if (data.type === "search") void search(data);
  else searches.get(data.id)?.abort();
};
scope.postMessage({ type: "ready" });

async function search({ id, blob, stored }: Extract<ToSearch, { type: "search" }>): Promise<void> {
  const search = new AbortController();
  searches.set(id, search);
  try {
    const found = await searchContent(blob, stored, hash, search.signal);
    scope.postMessage({ type: "found", id, fileId: found?.fileId ?? null });
  } catch (error) {
    scope.postMessage({ type: "failed", id, error });
  } finally {
    searches.delete(id);
  }
}
