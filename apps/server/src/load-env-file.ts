import { StartError } from "./start-error.ts";

/** What is set in the environment already wins over the file. */
export function loadEnvFile(path: string): void {
  try {
    process.loadEnvFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return;
    throw new StartError(
      `Cannot read the settings in ${path}. Make it a file that this user may read, or remove it.`,
      { cause: error },
    );
  }
}
