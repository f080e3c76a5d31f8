import { createReadStream } from "node:fs";
import { resolve } from "node:path";

/** What a file holds, or stdin for `-`. */
export async function* readInput(
  file: string,
  { stdin, directory }: { stdin: NodeJS.ReadableStream; directory: string },
): AsyncGenerator<Uint8Array> {
  const input = file === "-" ? stdin : createReadStream(resolve(directory, file));
  for await (const part of input) yield Buffer.from(part);
}
