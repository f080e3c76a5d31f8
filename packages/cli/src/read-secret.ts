import { readFile } from "node:fs/promises";
import { CliError } from "./cli-error.ts";
import type { Terminal } from "./command.ts";

const MAX_LENGTH = 1024;

/**
 * From a file, or from stdin where no file is named. White space around it is not part of it.
 *
 * @throws {CliError} `secret_missing`, repeating nothing of it.
 */
export async function readSecret({ stdin }: Terminal, file: string | undefined): Promise<string> {
  const secret = (
    file === undefined || file === "-" ? await readStdin(stdin) : await readSecretFile(file)
  ).trim();
  if (secret === "" || secret.length > MAX_LENGTH || !/^[\x21-\x7e]+$/.test(secret))
    throw new CliError(
      "secret_missing",
      `The secret access key must be one word of at most ${MAX_LENGTH} printable characters, in the file that --secret-file names or on stdin.`,
    );
  return secret;
}

async function readStdin(stdin: Terminal["stdin"]): Promise<string> {
  if (stdin.isTTY === true)
    throw new CliError(
      "secret_missing",
      "The secret access key comes by stdin (… < FILE), or from the file that --secret-file names: what is typed here would stay on the screen.",
    );
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of stdin) {
    const bytes = Buffer.from(part);
    length += bytes.length;
    // Longer than any secret: no need to read on.
    if (length > 2 * MAX_LENGTH) break;
    parts.push(bytes);
  }
  return length > 2 * MAX_LENGTH ? "" : Buffer.concat(parts).toString("utf8");
}

async function readSecretFile(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new CliError(
      "secret_missing",
      "The file that --secret-file names cannot be read: name one that this user may read.",
      { cause },
    );
  }
}
