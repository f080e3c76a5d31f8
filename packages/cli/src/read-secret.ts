import { CliError } from "./cli-error.ts";
import type { Terminal } from "./command.ts";

const MAX_LENGTH = 1024;

/**
 * From a file, or from stdin where no file is named. White space around it is not part of it.
 *
 * @throws {CliError} `secret_missing`, repeating nothing of it.
 */
export async function readSecret(terminal: Terminal, file = "-"): Promise<string> {
  if (file === "-" && terminal.isTyped)
    throw new CliError(
      "secret_missing",
      "The secret access key comes by stdin (… < FILE), or from the file that --secret-file names: what is typed here would stay on the screen.",
    );
  const secret = (await readShort(terminal.read(file))).trim();
  if (secret === "" || secret.length > MAX_LENGTH || !/^[\x21-\x7e]+$/.test(secret))
    throw new CliError(
      "secret_missing",
      `The secret access key must be one word of at most ${MAX_LENGTH} printable characters, in the file that --secret-file names or on stdin.`,
    );
  return secret;
}

async function readShort(input: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const bytes of input) {
      length += bytes.length;
      // Longer than any secret: no need to read on.
      if (length > 2 * MAX_LENGTH) return "";
      parts.push(bytes);
    }
  } catch (cause) {
    throw new CliError(
      "secret_missing",
      "The file that --secret-file names cannot be read: name one that this user may read.",
      { cause },
    );
  }
  return Buffer.concat(parts).toString("utf8");
}
