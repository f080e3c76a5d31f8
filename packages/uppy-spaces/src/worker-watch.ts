import type { FromWorker, ToWorker } from "./engine/engine-messages.ts";
import { randomId } from "./engine/random-id.ts";
import { MEMORY_PREFIX } from "./page-memory.ts";

/** A worker that has not answered by then is asked once more: page and worker may have been asleep, and this timer was late. */
const ANSWER_MS = 10_000;

/** Notices that a worker is gone that nobody ended. */
export interface WorkerWatch {
  /** Whether anything is lost with the worker. An idle page holds no lock, so that it stays fit for the back-forward cache. */
  need: (isNeeded: boolean) => void;
  /** What the worker said to it. */
  heard: (message: Extract<FromWorker, { type: "holding" }>) => void;
  close: () => void;
}

/**
 * The worker is made to hold a Web Lock, and the page asks for the same one: it gets it when the worker ends, however that was. No
 * message is waited for, so that neither a worker that has much to do nor a page that slept looks like a dead one.
 *
 * @param locks Without them only a worker is noticed that was gone before it was needed.
 */
export function watchWorker(options: {
  post: (message: ToWorker) => void;
  locks: Pick<LockManager, "request"> | undefined;
  onGone: () => void;
}): WorkerWatch {
  const { post, locks, onGone } = options;
  let watching: { name: string; isHeld: boolean; stop: AbortController } | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const ask = (name: string, isLast: boolean) => {
    post({ type: "hold", name });
    timer = setTimeout(() => {
      if (isLast) onGone();
      else ask(name, true);
    }, ANSWER_MS);
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
    heard: ({ name }) => {
      const current = watching;
      if (current?.name !== name || current.isHeld) return;
      clearTimeout(timer);
      current.isHeld = true;
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
