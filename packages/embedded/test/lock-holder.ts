/** Tries for the lock of the directory in its first argument, says how that went, and holds on until told to end. */
import { DirectoryLockedError, lockDirectory } from "../src/directory-lock.ts";

const [directory = ""] = process.argv.slice(2);
// All at the same moment: whoever starts us closes the gate.
process.stdin.once("data", () => {
  try {
    lockDirectory(directory);
    console.log("held");
  } catch (error) {
    console.log(error instanceof DirectoryLockedError ? "refused" : `broken: ${String(error)}`);
  }
});
console.log("waiting");
