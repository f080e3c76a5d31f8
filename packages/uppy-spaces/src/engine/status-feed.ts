import type { SpacesUploadStatus } from "../upload-status.ts";
import type { Clock } from "./clock.ts";
import type { EngineUpdate, FromEngine } from "./engine-messages.ts";

/** Another word for what happens is told with the next frame. */
const NEWS_EVERY_MS = 16;
/** Progress: fast enough to look smooth; each time is a render. */
const PROGRESS_EVERY_MS = 125;
/** Rates fall and countdowns run while nothing else happens. */
const REFRESH_EVERY_MS = 500;

export interface StatusFeed {
  changed: (update: EngineUpdate) => void;
  /** `null`: to be forgotten. */
  remember: (key: string, value: string | null) => void;
  /** Tells at once what has gathered. */
  flush: () => void;
  close: () => void;
}

/** Gathers what changes, so that a page hears of a thousand files with one message and renders once. */
export function createStatusFeed(options: {
  clock: Clock;
  post: (message: Extract<FromEngine, { type: "updates" }>) => void;
  /** What is to be said of a file now. */
  statusOf: (id: string) => SpacesUploadStatus | undefined;
}): StatusFeed {
  const { clock, post, statusOf } = options;
  const gathered = new Map<string, EngineUpdate>();
  let remembered: [string, string | null][] = [];
  /** Files that move by themselves, with what was last said of them. */
  const moving = new Map<string, EngineUpdate>();
  let flushedAt = Number.NEGATIVE_INFINITY;
  let flushAt = Number.POSITIVE_INFINITY;
  let stopTimer = () => {};
  let stopRefreshing: (() => void) | null = null;

  const flush = () => {
    stopTimer();
    flushAt = Number.POSITIVE_INFINITY;
    if (gathered.size === 0 && remembered.length === 0) return;
    flushedAt = clock.now();
    const updates = [...gathered.values()];
    gathered.clear();
    for (const update of updates) {
      const { id, status } = update;
      if (status.status === "uploading" || status.status === "waiting") moving.set(id, update);
      else moving.delete(id);
    }
    const remember = remembered;
    remembered = [];
    if (moving.size > 0) refreshLater();
    post({ type: "updates", updates, remember });
  };

  const flushWithin = (ms: number) => {
    const at = Math.max(clock.now(), flushedAt + ms);
    if (at >= flushAt) return;
    stopTimer();
    flushAt = at;
    stopTimer = clock.after(Math.max(0, at - clock.now()), flush);
  };

  const refreshLater = () => {
    stopRefreshing ??= clock.after(REFRESH_EVERY_MS, () => {
      stopRefreshing = null;
      for (const [id, update] of moving) {
        const status = statusOf(id);
        if (status !== undefined && !gathered.has(id)) gathered.set(id, { ...update, status });
      }
      flush();
    });
  };

  return {
    changed: (update) => {
      const before = gathered.get(update.id) ?? moving.get(update.id);
      gathered.set(update.id, update);
      const isProgress = before?.run === update.run && before.status.status === update.status.status;
      flushWithin(isProgress ? PROGRESS_EVERY_MS : NEWS_EVERY_MS);
    },
    remember: (key, value) => {
      remembered.push([key, value]);
      flushWithin(NEWS_EVERY_MS);
    },
    flush,
    close: () => {
      flush();
      stopRefreshing?.();
    },
  };
}
