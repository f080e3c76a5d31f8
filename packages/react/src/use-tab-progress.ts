import { useEffect, useRef } from "react";
import { createTabIcon } from "./tab-icon.ts";
import { createTabProgress, type TabPart } from "./tab-progress.ts";
import type { UploadTotals } from "./uploads-state.ts";
import type { Words } from "./words.ts";

/** `"title"`: without the icon, for pages whose policy has no `img-src data:`. */
export type TabProgress = boolean | "title";

let shared: ReturnType<typeof createTabProgress> | undefined;

/** One for all widgets; none in a frame, which has no tab of its own. */
function joinTab(): TabPart | null {
  if (window.parent !== window) return null;
  shared ??= createTabProgress({
    title: () => document.title,
    setTitle: (title) => {
      document.title = title;
    },
    setIcon: createTabIcon(document),
  });
  return shared.join();
}

/** Shows in the page's tab how far these uploads are while they run. */
export function useTabProgress(totals: UploadTotals, mode: TabProgress, words: Words | null): void {
  const { sentBytes, totalBytes, unfinished, paused, elsewhere } = totals;
  const isShown = mode !== false && words !== null && unfinished - paused - elsewhere > 0;
  const part = useRef<TabPart>(null);
  useEffect(() => {
    part.current ??= joinTab();
    const say = (percent: number) => words?.say("percent", { percent }) ?? "";
    part.current?.show(isShown ? { sent: sentBytes, total: totalBytes, say } : null, mode === true);
  }, [isShown, sentBytes, totalBytes, mode, words]);
  useEffect(() => () => part.current?.show(null, false), []);
}
