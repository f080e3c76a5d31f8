import { SECRET_MARK, type Site } from "../site/site.ts";
import type { Snapshot } from "../site/snapshot.ts";
import { COUNTED, FINAL } from "./truth.ts";

/** 5, 11 and 15: once every session is over and swept, the store has what the rows promise, and nothing else. */
export function atTheEnd({ store, said }: Site, { files, sessions, counters }: Snapshot): string[] {
  const wrongs: string[] = [];
  const promised = new Set(files.filter(({ status }) => COUNTED.includes(status)).map(({ key }) => key));
  for (const { id, status } of sessions) {
    if (!FINAL.includes(status ?? "")) wrongs.push(`5: session ${id} is ${status} for ever`);
  }
  for (const { id, status } of files) {
    if (status === "uploading" || status === "deleting") wrongs.push(`5: file ${id} is ${status} for ever`);
  }
  for (const key of store.objects.keys()) {
    if (!promised.has(key)) wrongs.push(`5: ${key} is left at the store, and no file is there`);
  }
  for (const { key, uploadId } of store.uploads.values()) {
    wrongs.push(`5: upload ${uploadId} of ${key} is left at the store`);
  }
  for (const { scope, id, reserved } of counters) {
    if (reserved !== 0) wrongs.push(`4: ${scope} ${id} has ${reserved} bytes reserved for ever`);
  }
  for (const text of new Set(said)) {
    if (text.includes(SECRET_MARK)) wrongs.push(`15: a secret was said: ${text}`);
    if (text.includes("X-Amz-Signature=")) wrongs.push(`15: a signed URL was said: ${text}`);
  }
  return wrongs;
}
