import type { DirectoryHandle, FileHandle } from "./file-handle.ts";

/** A handle of a file that is in the memory of the test, and may be replaced there or taken away. */
export function handleOf(file: File, permission: "granted" | "denied" | "prompt" = "granted") {
  let current: File | null = file;
  let state = permission;
  const asked = { count: 0, answer: "granted" as "granted" | "denied" | Error };
  const handle: FileHandle = {
    kind: "file",
    name: file.name,
    getFile: async () => {
      if (current === null) throw new DOMException("gone", "NotFoundError");
      return current;
    },
    queryPermission: async () => state,
    requestPermission: async () => {
      asked.count += 1;
      if (asked.answer instanceof Error) throw asked.answer;
      state = asked.answer;
      return state;
    },
  };
  const replace = (next: File | null) => {
    current = next;
  };
  return { handle, asked, replace };
}

export function directoryOf(
  name: string,
  entries: readonly (FileHandle | DirectoryHandle)[],
): DirectoryHandle {
  const find = async <Kind extends "file" | "directory">(kind: Kind, wanted: string) => {
    const entry = entries.find((it) => it.kind === kind && it.name === wanted);
    if (entry === undefined) throw new DOMException("gone", "NotFoundError");
    return entry as Extract<FileHandle | DirectoryHandle, { kind: Kind }>;
  };
  return {
    kind: "directory",
    name,
    getDirectoryHandle: (wanted) => find("directory", wanted),
    getFileHandle: (wanted) => find("file", wanted),
  };
}
