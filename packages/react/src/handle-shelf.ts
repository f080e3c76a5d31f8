import type { FileGroup } from "@audiotricks/protocol/messages";
import { createStore, del, set, type UseStore, values } from "idb-keyval";
import type { FileHandle, FileMark } from "./file-handle.ts";

/** Everything that is needed to go on with an upload in a later page, except its bytes: those stay in the file. */
export interface KeptUpload extends FileMark {
  sessionId: string;
  companionUrl: string;
  workspaceId: string | null;
  handle: FileHandle;
  name: string;
  type: string;
  relativePath: string | null;
  group?: FileGroup;
  /** A person held it back: it does not go on by itself. */
  isPaused: boolean;
}

/** Handles beside the ids of their sessions, across reloads. What goes wrong with it costs the comfort, and nothing else. */
export interface HandleShelf {
  all: () => Promise<KeptUpload[]>;
  put: (upload: KeptUpload) => Promise<void>;
  remove: (sessionId: string) => Promise<void>;
}

export function openHandleShelf(): HandleShelf {
  let opened: UseStore | undefined;
  const open = () => {
    opened ??= createStore("audiotricks-uploads", "handles");
    return opened;
  };
  return {
    // Only IndexedDB can keep handles.
    all: async () => {
      try {
        return await values<KeptUpload>(open());
      } catch {
        return []; // Forbidden by the browser's settings.
      }
    },
    put: (upload) => attempt(() => set(upload.sessionId, upload, open())),
    remove: (sessionId) => attempt(() => del(sessionId, open())),
  };
}

async function attempt(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch {
    // Forbidden, full, or a handle that this browser cannot keep.
  }
}
