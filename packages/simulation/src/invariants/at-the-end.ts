import { SECRET_MARK, type Site } from "../site/site.ts";
import type { Snapshot } from "../site/snapshot.ts";
import { ENDED_MOVES } from "./moves.ts";
import { isOrphan } from "./owners.ts";
import { COUNTED, FINAL } from "./truth.ts";

/** 5, 11, 15 to 18: once every session is over and swept, the store has what the rows promise, and nothing else; every event is settled. */
export function atTheEnd(site: Site, now: Snapshot): string[] {
  const { buckets, said, owners } = site;
  const { files, sessions, counters, events, moves, moving } = now;
  const wrongs: string[] = [];
  const promised = new Set(
    files.filter(({ status }) => COUNTED.includes(status)).map(({ provider, key }) => `${provider} ${key}`),
  );
  for (const { id, status } of sessions) {
    if (!FINAL.includes(status ?? "")) wrongs.push(`5: session ${id} is ${status} for ever`);
  }
  for (const { id, status } of files) {
    if (status === "uploading" || status === "deleting") wrongs.push(`5: file ${id} is ${status} for ever`);
  }
  for (const { id, status, file, over } of now.exports) {
    if (status === "queued" || status === "running") wrongs.push(`20: export ${id} is ${status} for ever`);
    if (over && promised.has(files.find((one) => one.id === file)?.key ?? ""))
      wrongs.push(`20: the time of export ${id} is over, and its archive is there for ever`);
  }
  for (const file of files) {
    if (!COUNTED.includes(file.status)) continue;
    if (isOrphan(now, file)) wrongs.push(`16: file ${file.id} is ${file.status} for ever, and nobody's`);
    if (file.expired) wrongs.push(`18: file ${file.id} has expired, and is ${file.status} for ever`);
  }
  for (const id of owners.asked) {
    if (now.users.includes(id) || now.workspaces.includes(id))
      wrongs.push(`16: ${id} was deleted, and is there`);
  }
  for (const { id, type, status } of events) {
    if (status !== "delivered" && status !== "dead") wrongs.push(`17: ${type} ${id} is ${status} for ever`);
  }
  for (const { providerId, name, store } of buckets.all) {
    for (const key of store.objects.keys()) {
      if (!promised.has(`${providerId} ${key}`))
        wrongs.push(`5: ${key} is left in ${name}, and no file is there`);
    }
    for (const { key, uploadId } of store.uploads.values()) {
      wrongs.push(`5: upload ${uploadId} of ${key} is left in ${name}`);
    }
  }
  for (const { id, key, state } of moves) {
    if (!ENDED_MOVES.includes(state)) wrongs.push(`19: the move ${id} of ${key} is ${state} for ever`);
  }
  for (const id of moving) wrongs.push(`19: the files of move ${id} are on their way for ever`);
  for (const { scope, id, reserved } of counters) {
    if (reserved !== 0) wrongs.push(`4: ${scope} ${id} has ${reserved} bytes reserved for ever`);
  }
  for (const text of new Set(said)) {
    if (text.includes(SECRET_MARK)) wrongs.push(`15: a secret was said: ${text}`);
    if (text.includes("X-Amz-Signature=")) wrongs.push(`15: a signed URL was said: ${text}`);
  }
  return wrongs;
}
