export interface Gathered {
  call: () => void;
  stop: () => void;
}

/** Runs `action` once for all calls within `intervalMs` of the first, when that time is over. Nothing runs after `stop`. */
export function gather(action: () => void, intervalMs: number): Gathered {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isStopped = false;
  return {
    call: () => {
      if (isStopped || timer !== undefined) return;
      timer = setTimeout(() => {
        timer = undefined;
        action();
      }, intervalMs);
    },
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
