type Permission = "granted" | "denied" | "prompt";

/** What is used of a `FileSystemFileHandle`; TypeScript knows none of what only Chromium has. */
export interface FileHandle {
  kind: "file";
  name: string;
  getFile: () => Promise<File>;
  queryPermission?: (descriptor: { mode: "read" }) => Promise<Permission>;
  requestPermission?: (descriptor: { mode: "read" }) => Promise<Permission>;
}

export interface DirectoryHandle {
  kind: "directory";
  name: string;
  getDirectoryHandle: (name: string) => Promise<DirectoryHandle>;
  getFileHandle: (name: string) => Promise<FileHandle>;
}

/** What a file was when its upload was begun. Times in milliseconds since 1970. */
export interface FileMark {
  size: number;
  lastModified: number;
}

/** `refused`: the person or the browser does not let the page read it. */
export type Reopened =
  | { outcome: "ready"; file: File }
  | { outcome: "refused" }
  | { outcome: "gone" }
  | { outcome: "changed" };

/**
 * The file behind a handle, if it is still the one that it was.
 *
 * @param mayAsk Whether the browser may ask the person, which it does only soon after a click.
 */
export async function reopen(handle: FileHandle, mark: FileMark, mayAsk: boolean): Promise<Reopened> {
  if (!(await isPermitted(handle, mayAsk))) return { outcome: "refused" };
  let file: File;
  try {
    file = await handle.getFile();
  } catch {
    return { outcome: "gone" };
  }
  return isSame(file, mark) ? { outcome: "ready", file } : { outcome: "changed" };
}

export function isSame(file: FileMark, mark: FileMark): boolean {
  return file.size === mark.size && file.lastModified === mark.lastModified;
}

async function isPermitted(handle: FileHandle, mayAsk: boolean): Promise<boolean> {
  const descriptor = { mode: "read" } as const;
  try {
    // Once the person has allowed one file, the browser may have allowed them all.
    const before = (await handle.queryPermission?.(descriptor)) ?? "granted";
    if (before !== "prompt" || !mayAsk) return before === "granted";
    return (await handle.requestPermission?.(descriptor)) === "granted";
  } catch {
    return false; // The click is too long ago, or the page may not ask at all.
  }
}
