/** Works on files one after the other; what fails is tried again, longer apart each time. */
export interface Worker {
  add(fileId: string): void;
  stop(): Promise<void>;
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 300_000;

export function startWorker(options: {
  process: (fileId: string) => Promise<void>;
  /** Of a file that is gone there is nothing more to do. */
  isHopeless: (error: unknown) => boolean;
  onError: (fileId: string, error: unknown) => void;
}): Worker {
  const queue: string[] = [];
  const failures = new Map<string, number>();
  const timers = new Set<NodeJS.Timeout>();
  let isStopped = false;
  let working: Promise<void> | undefined;

  async function work(): Promise<void> {
    for (let fileId = queue.shift(); fileId !== undefined && !isStopped; fileId = queue.shift()) {
      try {
        await options.process(fileId);
        failures.delete(fileId);
      } catch (error) {
        options.onError(fileId, error);
        if (!options.isHopeless(error)) again(fileId);
      }
    }
    working = undefined;
  }
  function again(fileId: string): void {
    const count = (failures.get(fileId) ?? 0) + 1;
    failures.set(fileId, count);
    const wait = Math.min(FIRST_WAIT_MS * 2 ** (count - 1), LONGEST_WAIT_MS) * (0.5 + Math.random() / 2);
    const timer = setTimeout(() => {
      timers.delete(timer);
      add(fileId);
    }, wait);
    timers.add(timer);
  }
  function add(fileId: string): void {
    if (isStopped || queue.includes(fileId)) return;
    queue.push(fileId);
    working ??= work();
  }

  return {
    add,
    stop: async () => {
      isStopped = true;
      for (const timer of timers) clearTimeout(timer);
      await working;
    },
  };
}
