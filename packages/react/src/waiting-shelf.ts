import type { FileGroup } from "@audiotricks/protocol/messages";
import { createStore, delMany, entries, setMany, type UseStore } from "idb-keyval";
import type { FileHandle, FileMark } from "./file-handle.ts";

/** A file that was added and not begun yet: nobody but this browser knows of it. */
export interface WaitingFile extends FileMark {
  companionUrl: string;
  userId: string;
  workspaceId: string | null;
  name: string;
  type: string;
  relativePath: string | null;
  group?: FileGroup;
  /** `null` where the browser gave none: then only the name is kept. */
  handle: FileHandle | null;
  /** A person held it back: it does not go on by itself. */
  isPaused: boolean;
  /** When it was written down, in milliseconds since 1970. */
  at: number;
}

/** Names and handles of files that wait, across reloads; never their bytes. What goes wrong with it costs the comfort, and nothing else. */
export interface WaitingShelf {
  all: () => Promise<[key: string, file: WaitingFile][]>;
  put: (files: [key: string, file: WaitingFile][]) => Promise<void>;
  remove: (keys: string[]) => Promise<void>;
}

export function openWaitingShelf(): WaitingShelf {
  let opened: UseStore | undefined;
  const open = () => {
    opened ??= createStore("audiotricks-waiting", "files");
    return opened;
  };
  return {
    all: async () => {
      try {
        return await entries<string, WaitingFile>(open());
      } catch {
        return []; // Forbidden by the browser's settings.
      }
    },
    put: (files) => attempt(() => setMany(files, open())),
    remove: (keys) => attempt(() => delMany(keys, open())),
  };
}

async function attempt(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch {
    // Forbidden, full, or a handle that this browser cannot keep.
  }
}
