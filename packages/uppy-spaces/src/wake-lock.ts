/** As much of the browser's `WakeLock` as is used here. */
export interface WakeLockSource {
  request: (type: "screen") => Promise<{ release: () => Promise<void> }>;
}

/** Keeps the device awake; asked for again each time the page is seen, since hiding it takes the lock away. */
export interface WakeKeeper {
  set: (isWanted: boolean) => void;
}

export function createWakeKeeper(
  source: WakeLockSource | null = (globalThis.navigator?.wakeLock as WakeLock | undefined) ?? null,
  page: Pick<
    Document,
    "visibilityState" | "addEventListener" | "removeEventListener"
  > | null = globalThis.document ?? null,
): WakeKeeper {
  let isWanted = false;
  let release: (() => void) | null = null;

  const hold = () => {
    if (!isWanted || release !== null || source === null || page?.visibilityState !== "visible") return;
    let isLetGo = false;
    const asked = source.request("screen");
    release = () => {
      isLetGo = true;
    };
    asked.then(
      (lock) => {
        const end = () => void lock.release().catch(() => {});
        if (isLetGo) end();
        else release = end;
      },
      () => {
        // Refused: the battery is low, or the page's policy forbids it. Uploads go on as long as the device is awake.
        if (!isLetGo) release = null;
      },
    );
  };
  const letGo = () => {
    release?.();
    release = null;
  };
  const onVisibility = () => {
    letGo();
    hold();
  };

  return {
    set: (wanted) => {
      if (wanted === isWanted) return;
      isWanted = wanted;
      if (wanted) page?.addEventListener("visibilitychange", onVisibility);
      else page?.removeEventListener("visibilitychange", onVisibility);
      if (wanted) hold();
      else letGo();
    },
  };
}
