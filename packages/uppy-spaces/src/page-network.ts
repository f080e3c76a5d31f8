import type { NetworkWatch } from "./engine/network-watch.ts";

export const pageNetwork: NetworkWatch = {
  isOnline: () => globalThis.navigator?.onLine !== false,
  subscribe: (onChange) => {
    if (typeof window === "undefined") return () => {};
    const listening = new AbortController();
    const { signal } = listening;
    window.addEventListener("online", () => onChange("online"), { signal });
    window.addEventListener("offline", () => onChange("offline"), { signal });
    // Timers of a sleeping page ran late or not at all.
    window.addEventListener("pageshow", () => onChange("woken"), { signal });
    document.addEventListener(
      "visibilitychange",
      () => {
        if (document.visibilityState === "visible") onChange("woken");
      },
      { signal },
    );
    return () => listening.abort();
  },
};
