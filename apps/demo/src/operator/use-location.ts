import { useSyncExternalStore } from "react";

const CHANGED = "popstate";

function subscribe(listener: () => void): () => void {
  addEventListener(CHANGED, listener);
  return () => removeEventListener(CHANGED, listener);
}

/** The path and the query; everything else about a page is in them, so that it can be sent to somebody. */
export function useLocation(): { pathname: string; search: string } {
  const pathname = useSyncExternalStore(subscribe, () => location.pathname);
  const search = useSyncExternalStore(subscribe, () => location.search);
  return { pathname, search };
}

/** Goes there without loading the page anew. */
export function navigate(address: string): void {
  history.pushState(null, "", address);
  dispatchEvent(new PopStateEvent(CHANGED));
}
