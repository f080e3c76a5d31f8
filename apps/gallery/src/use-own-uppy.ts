import type { Uppy } from "@uppy/core";
import { useEffect, useState } from "react";

/** One Uppy for as long as the state is shown. @param create Stable; another makes another. */
export function useOwnUppy(create: () => Uppy): Uppy | null {
  const [uppy, setUppy] = useState<Uppy | null>(null);
  useEffect(() => {
    const created = create();
    // oxlint-disable-next-line react/set-state-in-effect -- there is none before it, and its listeners have to end with it.
    setUppy(created);
    return () => created.destroy();
  }, [create]);
  return uppy;
}
