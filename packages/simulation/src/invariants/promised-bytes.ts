import { COUNTED, type Invariant } from "./truth.ts";

/** 1, 2, 10: whatever a row promises is at the store, whole, of one file, and never becomes anything else. */
export const promisedBytes: Invariant = ({ now, buckets, ledger, promised }) => {
  const wrongs: string[] = [];
  for (const file of now.files) {
    if (!COUNTED.includes(file.status)) continue;
    const object = buckets.of(file.provider).store.find(file.key);
    if (object === undefined) {
      wrongs.push(`1: ${file.key} is ${file.status}, and cannot be read`);
      continue;
    }
    if (object.size !== file.size) wrongs.push(`1: ${file.key} has ${object.size} bytes, not ${file.size}`);
    // Made of many: what is in it is looked at when it is said to be done.
    if (now.exports.some((one) => one.file === file.id)) continue;
    const [stretch, ...others] = object.stretches;
    if (stretch === undefined || others.length > 0 || stretch.offset !== 0) {
      wrongs.push(`10: ${file.key} is not one file: ${JSON.stringify(object.stretches)}`);
      continue;
    }
    const session = ledger.byFile.get(file.id);
    if (session !== undefined && !session.contents.has(stretch.content)) {
      wrongs.push(`10: ${file.key} is ${stretch.content}, which nobody sent`);
    }
    const earlier = promised.get(file.id);
    if (earlier === undefined) promised.set(file.id, stretch.content);
    else if (earlier !== stretch.content)
      wrongs.push(`1: ${file.key} was ${earlier} and is ${stretch.content} now`);
  }
  return wrongs;
};
