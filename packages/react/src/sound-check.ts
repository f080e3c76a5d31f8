import type { AudioFinding, AudioRules } from "@audiotricks/audio-preflight";
import { createAudioGate } from "./audio-gate.ts";
import { createCoverShelf } from "./cover-shelf.ts";
import { groupOfFile } from "./file-group.ts";
import type { AddedFile } from "./file-intake.ts";
import { isWaiting, itemOf, type SoundOf, statusOf } from "./file-status.ts";
import { folderOf } from "./folder-of.ts";
import type { PatientUppy } from "./patient-uppy.ts";
import { createStemSets, type StemSet, type StemSets } from "./stem-sets.ts";
import type { RefusedFile } from "./uploads-state.ts";

/** Pixels of a side: twice what is seen, for fine displays. */
const COVER_SIDE = 80;

/** What is in the files of the list: looked into before they begin, shown in their rows, and put together where they belong together. */
export interface SoundCheck {
  /** Files that were added: they begin once nothing is found that keeps them back. */
  hold: (files: readonly AddedFile[]) => void;
  of: (id: string) => SoundOf;
  /** The same array until the sets are others. */
  stems: () => readonly StemSet[];
  see: (ids: readonly string[]) => void;
  cover: (id: string) => Promise<ImageBitmap | null>;
  dismissStems: (set: string) => void;
  sets: Pick<StemSets, "stateOf" | "beLate" | "take">;
  /** All that was dropped is in the list. */
  settle: () => void;
  /** Files may have begun. */
  look: () => void;
  /** It is no longer in the list. */
  remove: (id: string) => void;
  close: () => void;
}

export function createSoundCheck(options: {
  uppy: PatientUppy;
  rules: () => AudioRules | false;
  /** Whether the engine takes all files at once. */
  isAllAtOnce: () => boolean;
  /** These may begin. */
  pass: (files: readonly AddedFile[]) => void;
  /** These are not to be uploaded, and are to leave the list before this returns. */
  refuse: (files: readonly Omit<RefusedFile, "id">[]) => void;
  /** Something was found out. */
  onKnown: () => void;
  /** Whether stems are looked for. */
  isStemsWanted: () => boolean;
  /** Whether more of what was dropped is still to come. */
  isAdding: () => boolean;
  /** Whether it waits for a person, and not for its turn. */
  isHeld: (id: string) => boolean;
}): SoundCheck {
  const { uppy, rules, isAllAtOnce, pass, refuse, onKnown, isStemsWanted, isAdding, isHeld } = options;
  const stems = createStemSets();
  const folders = new Map<string, string | null>();
  /** Before it is loaded, and where it cannot be, nothing is found. */
  let find: Parameters<StemSets["settle"]>[0] = () => null;
  /** Being taken off the list, and not by a person. */
  let refusedIds: ReadonlySet<string> = new Set();

  const gate = createAudioGate<AddedFile>({
    rules,
    file: (id) => {
      const file = uppy.files[id];
      if (file === undefined) return undefined;
      const { name, size } = itemOf(file);
      return { name, size, blob: file.data instanceof Blob ? file.data : null };
    },
    isInLine: (id) => {
      const file = uppy.files[id];
      return file !== undefined && isWaiting(file) && !isHeld(id) && statusOf(file).status !== "paused";
    },
    isAllAtOnce,
    pass,
    refuse: (files) => {
      refusedIds = new Set(files.map(({ id }) => id));
      refuse(files.flatMap(({ id, findings }) => refusalOf(id, findings) ?? []));
      refusedIds = new Set();
    },
    onKnown: (ids, module) => {
      for (const id of ids) {
        const file = uppy.files[id];
        if (file !== undefined) stems.know(id, itemOf(file).name, gate.of(id).audio);
      }
      if (module !== null) find = module.findStems;
      settle();
      onKnown();
    },
  });

  const settle = () => {
    if (!isAdding()) stems.settle(find);
  };

  const refusalOf = (id: string, findings: readonly AudioFinding[]): Omit<RefusedFile, "id"> | undefined => {
    const file = uppy.files[id];
    const first = findings.find(({ severity }) => severity === "refuse");
    if (file === undefined || first === undefined) return undefined;
    const { name, size } = itemOf(file);
    const others = findings.filter((finding) => finding !== first);
    return {
      itemId: id,
      name,
      size,
      code: first.code,
      error: null,
      findings: [first, ...others],
      sentence: "",
    };
  };

  const covers = createCoverShelf(async (id) => {
    const data = uppy.files[id]?.data;
    const { audio } = gate.of(id);
    if (audio === null || !(data instanceof Blob)) return null;
    return await gate.cover(data, { bytesRead: audio.bytesRead, side: COVER_SIDE });
  });

  return {
    hold: (files) => {
      for (const { id, drop } of files) {
        const file = uppy.files[id];
        // What an earlier page made one of is that.
        const isOne = file === undefined || groupOfFile(file) !== null || !isStemsWanted();
        const folder = file === undefined ? null : folderOf(file);
        folders.set(id, folder);
        if (!isOne) stems.join(id, drop, folder);
      }
      gate.hold(files);
    },
    of: (id) => {
      const { audio, warnings } = gate.of(id);
      return { folder: folders.get(id) ?? null, audio, warnings, stems: stems.of(id) };
    },
    stems: stems.sets,
    see: gate.see,
    cover: covers.get,
    dismissStems: stems.dismiss,
    sets: stems,
    settle,
    look: gate.look,
    remove: (id) => {
      gate.remove(id);
      covers.forget(id);
      folders.delete(id);
      // Of stems, one that is refused is one that does not fit in.
      if (refusedIds.has(id)) return;
      stems.leave(id);
      settle();
    },
    close: gate.close,
  };
}
