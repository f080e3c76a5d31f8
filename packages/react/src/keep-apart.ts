import { statusOf, type UppyUpload } from "./file-status.ts";
import { isUnfinished } from "./uploads-state.ts";

type Files = Readonly<Record<string, UppyUpload>>;

/**
 * Uppy knows files by name, type, size and time, and takes two of one drop for the same when all four agree (stems exported
 * from one template do). Nobody can pick one file twice in one go, so these get ids of their own; so does a file whose
 * namesake is through. One that was added before and is not through yet is a second drop of it: refused.
 *
 * @param added Files of this widget; `pending`: those and the ones of the drop that is being added.
 * @returns The file to add, or `false`.
 */
export function keepApart(file: UppyUpload, pending: Files, added: Files): UppyUpload | false {
  const namesake = added[file.id];
  if (namesake && isUnfinished(statusOf(namesake))) return namesake.isGhost ? file : false;
  let id = file.id;
  for (let count = 2; pending[id]; count += 1) id = `${file.id}-${count}`;
  return { ...file, id };
}
