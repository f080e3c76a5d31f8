import { md5Of } from "../md5/md5-scalar.ts";
import { toHex } from "./bytes-as-text.ts";
import type { SessionPlan } from "./upload-machine.ts";

/**
 * What the companion is to hold the store's parts against: hexadecimal MD5 of the file, or of the MD5s of its parts. A session can be
 * found by another device that has a file of the same name and size: without this, what the two sent could end up in one object.
 *
 * @param digests MD5 of every part that is stored, as this file has it.
 */
export function proofOfWhole(
  { method, partCount }: Pick<SessionPlan, "method" | "partCount">,
  digests: ReadonlyMap<number, Uint8Array>,
): { md5?: string; partsMd5?: string } {
  const all: Uint8Array[] = [];
  for (let partNumber = 1; partNumber <= partCount; partNumber += 1) {
    const digest = digests.get(partNumber);
    if (digest === undefined) return {}; // Another page or tab sent some of it and asked first.
    all.push(digest);
  }
  const [only] = all;
  if (method === "put") return only === undefined ? {} : { md5: toHex(only) };
  return { partsMd5: toHex(md5Of(all)) };
}
