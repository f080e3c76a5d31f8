import { type DirectoryHandle, type FileHandle, type FileMark, isSame } from "./file-handle.ts";

/** Of a larger drop, the first so many: the browser makes each of them known to another process. A folder counts as one. */
const MAX_PER_DROP = 500;
/** Drops that are kept in mind for files whose turn has not come. */
const MAX_DROPS = 20;

/** A file as Uppy took it from a drop. */
export interface DroppedFile extends FileMark {
  name: string;
  /** From the folder that was dropped: `"album/side a/1.wav"`; `null` for a file that was dropped itself. */
  relativePath: string | null;
}

/** The handles of what was dropped. Uppy hands on files, of which nobody can tell where they are. */
export interface DroppedHandles {
  /** The handle of a file, if the browser gave one with a drop. */
  find: (file: DroppedFile) => Promise<FileHandle | null>;
  stop: () => void;
}

type Root = FileHandle | DirectoryHandle;

/** @param target Where drops are heard of, before whoever takes the files. */
export function listenForDrops(target: Pick<EventTarget, "addEventListener">): DroppedHandles {
  const listening = new AbortController();
  let drops: Promise<(Root | null)[]>[] = [];

  target.addEventListener(
    "drop",
    (event) => {
      const { dataTransfer } = event as DragEvent;
      const handles = dataTransfer === null ? [] : handlesOf(dataTransfer);
      if (handles.length === 0) return;
      // The newest first: it may have been dropped again because it had changed.
      drops = [Promise.all(handles), ...drops].slice(0, MAX_DROPS);
    },
    { capture: true, signal: listening.signal },
  );

  return {
    find: async (file) => {
      const path = file.relativePath?.split("/").filter((step) => step !== "") ?? [file.name];
      for (const drop of drops) {
        for (const root of await drop) {
          // Of hundreds that were dropped together, each is asked for hundreds of others.
          if (root === null || root.name !== path[0]) continue;
          const handle = await within(root, path.slice(1), file).catch(() => null);
          if (handle !== null) return handle;
        }
      }
      return null;
    },
    stop: () => {
      listening.abort();
      drops = [];
    },
  };
}

/** Only in the turn of the event are the items there, so all of them are asked for at once. */
function handlesOf({ items }: DataTransfer): Promise<Root | null>[] {
  // Chromium crashed where it was asked by a page without TLS.
  if (!globalThis.isSecureContext) return [];
  return Array.from(items)
    .slice(0, MAX_PER_DROP)
    .flatMap((item) => {
      const { getAsFileSystemHandle } = item as {
        getAsFileSystemHandle?: () => Promise<Root | null | undefined>;
      };
      if (item.kind !== "file" || getAsFileSystemHandle === undefined) return [];
      // `undefined`, against the specification, where a script made the drop.
      const asked = getAsFileSystemHandle.call(item);
      return [asked.then((handle) => handle ?? null).catch(() => null)];
    });
}

async function within(root: Root, path: readonly string[], mark: FileMark): Promise<FileHandle | null> {
  const handle = await walk(root, path);
  return handle !== null && isSame(await handle.getFile(), mark) ? handle : null;
}

async function walk(root: Root, path: readonly string[]): Promise<FileHandle | null> {
  const [step, ...rest] = path;
  if (root.kind === "file") return step === undefined ? root : null;
  if (step === undefined) return null;
  return walk(rest.length === 0 ? await root.getFileHandle(step) : await root.getDirectoryHandle(step), rest);
}
