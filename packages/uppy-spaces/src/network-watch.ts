/** What the browser believes about the network. Only a hint: it is wrong on some machines, so nothing is held back by it. */
export interface NetworkWatch {
  isOnline: () => boolean;
  /** Calls back when the belief changes, and when the page comes back from sleep; the returned function ends that. */
  subscribe: (onChange: (change: "online" | "offline" | "woken") => void) => () => void;
}

export const browserNetwork: NetworkWatch = {
  isOnline: () => globalThis.navigator?.onLine !== false,
  subscribe: (onChange) => {
    if (typeof window === "undefined") return () => {};
    const online = () => onChange("online");
    const offline = () => onChange("offline");
    // Timers of a sleeping page ran late or not at all.
    const woken = () => {
      if (document.visibilityState === "visible") onChange("woken");
    };
    window.addEventListener("online", online);
    window.addEventListener("offline", offline);
    window.addEventListener("pageshow", woken);
    document.addEventListener("visibilitychange", woken);
    return () => {
      window.removeEventListener("online", online);
      window.removeEventListener("offline", offline);
      window.removeEventListener("pageshow", woken);
      document.removeEventListener("visibilitychange", woken);
    };
  },
};
