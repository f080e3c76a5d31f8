import { statusOf, type UppyUpload } from "./file-status.ts";
import { isUnfinished } from "./uploads-state.ts";

type Files = Readonly<Record<string, UppyUpload>>;

/**
 * Uppy knows files by name, type, size and time, and takes two of one drop for the same when all four agree (stems exported
 * from one template do). Nobody can pick one file twice in one go, so these get ids of their own; so does a file whose
 * namesake is through. One that was added before and is not through yet is a second drop of it: refused.
 *
 * @param pending Files that are being added together with it.
 * @param added Files of this widget.
 * @param isOfThisDrop Whether one of those came with the very drop that this file is of: large ones are added bit by bit.
 * @returns The file to add, or `false`.
 */
export function keepApart(
  file: UppyUpload,
  pending: Files,
  added: Files,
  isOfThisDrop: (id: string) => boolean = () => false,
): UppyUpload | false {
  const namesake = added[file.id];
  if (namesake && !isOfThisDrop(file.id) && isUnfinished(statusOf(namesake)))
    return namesake.isGhost ? file : false;
  let id = file.id;
  for (let count = 2; pending[id] || added[id]; count += 1) id = `${file.id}-${count}`;
  return { ...file, id };
}
