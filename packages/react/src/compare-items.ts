import type { UploadItem } from "./uploads-state.ts";

type Items = readonly UploadItem[];

export interface ItemChanges {
  added: UploadItem[];
  removed: UploadItem[];
  /** Of the same file, and not the same. */
  changed: { before: UploadItem; after: UploadItem }[];
}

/** What became of a list. As a rule few of many items are others, in the place where they were: no list is looked up by id. */
export function compareItems(before: Items, after: Items): ItemChanges {
  const changed: ItemChanges["changed"] = [];
  const gone: UploadItem[] = [];
  const come: UploadItem[] = [];
  for (let index = 0; index < Math.max(before.length, after.length); index++) {
    const [old, item] = [before[index], after[index]];
    if (old === item) continue;
    if (old !== undefined && item !== undefined && old.id === item.id)
      changed.push({ before: old, after: item });
    else {
      if (old !== undefined) gone.push(old);
      if (item !== undefined) come.push(item);
    }
  }
  const moved = new Map(gone.map((item) => [item.id, item]));
  const added: UploadItem[] = [];
  for (const item of come) {
    const old = moved.get(item.id);
    moved.delete(item.id);
    if (old === undefined) added.push(item);
    else if (old !== item) changed.push({ before: old, after: item });
  }
  return { added, removed: [...moved.values()], changed };
}
