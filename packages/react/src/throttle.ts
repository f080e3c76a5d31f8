export interface Throttled {
  call: () => void;
  /** Runs what is due now. */
  flush: () => void;
  stop: () => void;
}

/**
 * Runs `action` at once, then at most every `intervalMs`, and once more after the last call: a click is seen immediately,
 * a thousand progress events are one render. Nothing runs after `stop`.
 */
export function throttle(action: () => void, intervalMs: number): Throttled {
  let state: "idle" | "resting" | "due" | "stopped" = "idle";
  let timer: ReturnType<typeof setTimeout> | undefined;
  function run(): void {
    state = "resting";
    timer = setTimeout(() => {
      if (state === "due") run();
      else state = "idle";
    }, intervalMs);
    action();
  }
  return {
    call: () => {
      if (state === "idle") run();
      else if (state === "resting") state = "due";
    },
    flush: () => {
      if (state !== "due") return;
      clearTimeout(timer);
      run();
    },
    stop: () => {
      state = "stopped";
      clearTimeout(timer);
    },
  };
}
