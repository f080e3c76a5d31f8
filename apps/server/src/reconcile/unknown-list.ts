import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import type { FoundObject } from "@audiotricks/storage";

export interface ListedObject {
  providerId: string;
  object: FoundObject;
}

/**
 * The objects that no row knows, as one reconciliation has found them. On disk: there may be millions. Its word stands
 * for exactly these, so that whoever repeats it has confirmed this list and no other.
 */
export interface UnknownList extends AsyncDisposable {
  count: number;
  /** Bytes. */
  size: number;
  add(listed: ListedObject): Promise<void>;
  /** Nothing may be added afterwards. */
  word(): Promise<string>;
  read(): AsyncIterable<ListedObject>;
}

export async function createUnknownList(): Promise<UnknownList> {
  const directory = await mkdtemp(join(tmpdir(), "audiotricks-unknown-"));
  const file = join(directory, "objects");
  const output = createWriteStream(file);
  const hash = createHash("sha256");
  const list: UnknownList = {
    count: 0,
    size: 0,
    add: async ({ providerId, object }) => {
      list.count++;
      list.size += object.size;
      const line = `${JSON.stringify({ providerId, ...object })}\n`;
      hash.update(line);
      if (!output.write(line)) await new Promise<void>((resolve) => output.once("drain", () => resolve()));
    },
    word: async () => {
      output.end();
      await finished(output);
      return hash.digest("hex").slice(0, 12);
    },
    read: async function* () {
      for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
        // Our own line, of a moment ago.
        const { providerId, ...object } = JSON.parse(line) as FoundObject & { providerId: string };
        yield { providerId, object: { ...object, lastModified: new Date(object.lastModified) } };
      }
    },
    [Symbol.asyncDispose]: async () => {
      output.destroy();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return list;
}
