import type { FromWorker, ToWorker } from "./engine/engine-messages.ts";
import { randomId } from "./engine/random-id.ts";
import { MEMORY_PREFIX } from "./page-memory.ts";

/** A worker that has not answered by then is asked once more: page and worker may have been asleep, and this timer was late. */
const ANSWER_MS = 10_000;

/**
 * How often it is looked whether the worker said something, and how often in a row it may have said nothing. Counted in looks, not in
 * time: an hour of sleep, a tab whose timers are slowed down and a page that is busy make looks late, and none of them makes more.
 */
const LOOK_MS = 5_000;
const MOST_SILENT_LOOKS = 12;

/** Notices that a worker is gone that nobody ended, or no longer does anything. */
export interface WorkerWatch {
  /** Whether anything is lost with the worker. An idle page holds no lock, so that it stays fit for the back-forward cache. */
  need: (isNeeded: boolean) => void;
  /** To be told everything that the worker says. */
  heard: (message: FromWorker) => void;
  close: () => void;
}

/**
 * The worker is made to hold a Web Lock, and the page asks for the same one: it gets it at once when the worker ends, however that was.
 * One that has not ended and hangs is noticed by its silence, after it was asked about ten times; one that has something to tell is not asked.
 */
export function watchWorker(options: {
  post: (message: ToWorker) => void;
  locks: Pick<LockManager, "request"> | undefined;
  onGone: () => void;
  /** It is there, and does nothing any more. */
  onHung: () => void;
}): WorkerWatch {
  const { post, locks, onGone, onHung } = options;
  let watching: { name: string; isHeld: boolean; stop: AbortController } | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let silentLooks = 0;

  const ask = (name: string, isLast: boolean) => {
    post({ type: "hold", name });
    timer = setTimeout(() => {
      if (isLast) onGone();
      else ask(name, true);
    }, ANSWER_MS);
  };
  const look = (name: string) => {
    silentLooks += 1;
    if (silentLooks > MOST_SILENT_LOOKS) return onHung();
    // It answers that it holds the lock still.
    if (silentLooks > 1) post({ type: "hold", name });
    timer = setTimeout(look, LOOK_MS, name);
  };
  const letGo = () => {
    clearTimeout(timer);
    watching?.stop.abort();
    watching = null;
  };

  return {
    need: (isNeeded) => {
      if (isNeeded === (watching !== null)) return;
      if (watching === null) {
        watching = {
          name: `${MEMORY_PREFIX}engine/${randomId()}`,
          isHeld: false,
          stop: new AbortController(),
        };
        ask(watching.name, false);
        return;
      }
      post({ type: "let-go", name: watching.name });
      letGo();
    },
    heard: (message) => {
      silentLooks = 0;
      const current = watching;
      if (message.type !== "holding" || current?.name !== message.name || current.isHeld) return;
      const { name } = message;
      clearTimeout(timer);
      current.isHeld = true;
      timer = setTimeout(look, LOOK_MS, name);
      const { signal } = current.stop;
      locks
        ?.request(name, { signal }, () => {
          if (watching === current) onGone();
        })
        .catch(() => {}); // No longer needed.
    },
    close: letGo,
  };
}
