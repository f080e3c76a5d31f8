/** Under this, keys of the browser's storage are ours. */
export const MEMORY_PREFIX = "audiotricks-spaces/";

/** What is remembered across reloads: the browser's storage, which workers cannot reach. */
export interface PageMemory {
  entries: () => [key: string, value: string][];
  /** `null`: to be forgotten. */
  write: (key: string, value: string | null) => void;
  /** Calls back when another tab writes; the returned function ends that. */
  subscribe: (onWrite: (key: string, value: string | null) => void) => () => void;
}

/** Engines of this page: the browser tells of writes only to other pages. */
const neighbours = new Set<(key: string, value: string | null) => void>();

/** Storage that is full or forbidden costs the resume after a reload, and nothing else. */
export function openPageMemory(storage: Storage | null = browserStorage()): PageMemory {
  let own: ((key: string, value: string | null) => void) | null = null;
  return {
    entries: () => {
      const entries: [string, string][] = [];
      attempt(() => {
        for (let index = 0; index < (storage?.length ?? 0); index += 1) {
          const key = storage?.key(index);
          const value = key?.startsWith(MEMORY_PREFIX) === true ? storage?.getItem(key) : null;
          if (typeof key === "string" && typeof value === "string") entries.push([key, value]);
        }
      });
      return entries;
    },
    write: (key, value) => {
      attempt(() => {
        if (value === null) storage?.removeItem(key);
        else storage?.setItem(key, value);
      });
      for (const tell of neighbours) if (tell !== own) tell(key, value);
    },
    subscribe: (onWrite) => {
      own = onWrite;
      neighbours.add(onWrite);
      const stop = () => neighbours.delete(onWrite);
      if (typeof window === "undefined") return stop;
      const listener = ({ storageArea, key, newValue }: StorageEvent) => {
        if (storageArea === storage && key?.startsWith(MEMORY_PREFIX)) onWrite(key, newValue);
      };
      window.addEventListener("storage", listener);
      return () => {
        stop();
        window.removeEventListener("storage", listener);
      };
    },
  };
}

function attempt(run: () => void): void {
  try {
    run();
  } catch {
    // Full, or taken away by the browser's settings meanwhile.
  }
}

function browserStorage(): Storage | null {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null; // Forbidden by the browser's settings, or an opaque origin.
  }
}
