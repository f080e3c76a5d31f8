import type { FileRow } from "../site/snapshot.ts";
import { COUNTED, type Invariant } from "./truth.ts";

/**
 * 21: of a group all that is stored is published or none of it, with the commit by which as many are there as it waits for, and not
 * before; what joins an open one is open at once. Nobody else was ever shown a part of one that is held.
 */
export const groups: Invariant = ({ now, before, ledger }) => {
  const wrongs = [...ledger.groups.wrongs];
  const earlier = new Map(before?.files.map((file) => [file.id, file]));
  const members = now.files.filter(({ group }) => group !== null);
  for (const { id, group, access, workspace_id: workspace } of members) {
    const mark = earlier.get(id)?.group;
    if (mark?.isOpen === true && group?.isOpen !== true)
      wrongs.push(`21: file ${id} was published, and is not`);
    if (group?.isOpen !== true && access !== "private") wrongs.push(`21: file ${id} is held, and ${access}`);
    if (group?.isOpen === true && mark?.isOpen !== true && workspace !== null && access === "private")
      wrongs.push(`21: file ${id} is published, and its workspace cannot read it`);
    if (group?.isOpen !== true && ledger.groups.shown.has(id))
      wrongs.push(`21: file ${id} was shown to others, and is held`);
  }
  const placed = ({ group, user_id, workspace_id }: FileRow) =>
    `${group?.id} of ${user_id} in ${workspace_id}`;
  for (const [name, all] of Map.groupBy(members, placed)) {
    const [first] = all;
    // With its owner nobody is left who could say what becomes of it but the workspace's admins, one by one.
    if (first?.group == null || first.user_id === null) continue;
    const stored = all.filter(({ status }) => COUNTED.includes(status));
    const held = stored.filter(({ group }) => group?.isOpen !== true);
    const names = new Set(stored.map((file) => file.name)).size;
    const wasOpen = all.some(({ id }) => isOpenAndStored(earlier.get(id)));
    if (held.length > 0 && held.length < stored.length)
      wrongs.push(`21: of group ${name} ${stored.length - held.length} of ${stored.length} are published`);
    if (held.length > 0 && names >= Math.min(...stored.map(({ group }) => group?.size ?? Infinity)))
      wrongs.push(`21: group ${name} has ${names} files, waits for no more, and is held`);
    const waitsFor = ledger.groups.byId.get(first.group.id)?.waitsFor ?? 1;
    const isOpened = stored.some((file) => isOpenAndStored(file) && !isOpenAndStored(earlier.get(file.id)));
    if (isOpened && !wasOpen && names < waitsFor)
      wrongs.push(`21: group ${name} is published with ${names} files of ${waitsFor}`);
  }
  return wrongs;
};

function isOpenAndStored(file: FileRow | undefined): boolean {
  return file?.group?.isOpen === true && COUNTED.includes(file.status);
}
