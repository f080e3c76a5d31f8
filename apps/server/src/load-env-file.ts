import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { StartError } from "./start-error.ts";

/** What is set in the environment already wins over the file. */
export function loadEnvFile(path: string): void {
  // Some editors begin a file with U+FEFF, which would become part of the first setting's name.
  const text = readSettings(path).replace(/^\ufeff/, "");
  for (const [name, value] of Object.entries(parseEnv(text))) process.env[name] ??= value;
}

function readSettings(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return "";
    throw new StartError(
      `Cannot read the settings in ${path}. Make it a file that this user may read, or remove it.`,
      { cause: error },
    );
  }
}
