import { type DirectoryLock, lockDirectory } from "./directory-lock.ts";
import { EmbeddedError } from "./embedded-error.ts";

/** @throws {EmbeddedError} `DirectoryLockedError` if another process has it; or that nothing can be kept there. */
export function lockDataDirectory(directory: string): DirectoryLock {
  try {
    return lockDirectory(directory);
  } catch (cause) {
    if (cause instanceof EmbeddedError || !(cause instanceof Error)) throw cause;
    const reason = "code" in cause ? String(cause.code) : cause.message;
    throw new EmbeddedError(
      `Cannot keep data in ${directory} (${reason}). Set DATA_DIR to a directory that this user may write to.`,
      { cause },
    );
  }
}
