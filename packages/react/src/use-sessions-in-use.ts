import { findSessionsInUse } from "@audiotricks/uppy-spaces";
import { useEffect, useState } from "react";

/** Tabs come and go without a word: so it is looked, which costs the browser next to nothing. */
const LOOK_EVERY_MS = 1500;

/** Sessions that a tab of this browser is working in; `null` until that is known. */
export function useSessionsInUse(isNeeded: boolean): ReadonlySet<string> | null {
  const [inUse, setInUse] = useState<ReadonlySet<string> | null>(null);
  useEffect(() => {
    if (!isNeeded) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const look = async () => {
      const found = await findSessionsInUse();
      if (isOver) return;
      setInUse((before) => (before !== null && isSame(before, found) ? before : found));
      timer = setTimeout(() => void look(), LOOK_EVERY_MS);
    };
    void look();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [isNeeded]);
  return inUse;
}

function isSame(before: ReadonlySet<string>, found: ReadonlySet<string>): boolean {
  return before.size === found.size && [...found].every((sessionId) => before.has(sessionId));
}
