import { createFileChecker, type FileToAdd, needsWholeList, sizeOf } from "./check-files.ts";
import type { Demand } from "./fit-in-order.ts";
import { groupRuns } from "./group-runs.ts";
import { inSlices } from "./in-slices.ts";
import type { PatientUppy } from "./patient-uppy.ts";
import { startFiles, startNewFiles } from "./start-new-files.ts";

/** Files checked at once; some milliseconds for a slow phone. */
const CHECKED_AT_ONCE = 25;
/** Files started at once; as many of these as fit into a slice are asked for with one request. */
const STARTED_AT_ONCE = 20;
/** How long files are gathered before they are started, in milliseconds. */
const START_DELAY_MS = 4;

/** The way of files into Uppy and to the engine. */
export interface FileIntake {
  /** Adds them, the first at once. */
  add: (files: readonly FileToAdd[]) => void;
  /** What waits to be added will take. */
  waiting: () => Demand;
  /** Whether a file came with the drop that is being added just now. */
  isOfThisDrop: (id: string) => boolean;
  /** Whether files wait to be added or started. */
  isBusy: () => boolean;
  workspaceId: () => string | undefined;
  /** Where files go that are added from now on. */
  setWorkspace: (workspaceId: string | undefined) => void;
  /** Drops what waits; files that Uppy has already are its. */
  cancelAll: () => void;
  /** What was dropped until now and waits for its turn begins to move when it comes. */
  resumeAll: () => void;
  /** Files that may begin. */
  start: (files: readonly AddedFile[]) => void;
  /** Whether the host's rules have Uppy start all files that there are. */
  isAllAtOnce: () => boolean;
  /** Whether files wait to be added. */
  isAdding: () => boolean;
  close: () => void;
}

/** A file that is in the list. */
export interface AddedFile {
  id: string;
  workspaceId: string | undefined;
  /** With which others it was given: drops are counted. */
  drop: number;
}

/** Files that were given together. */
interface Drop {
  /** Counts drops from 1. */
  number: number;
  workspaceId: string | undefined;
  ids: Set<string>;
}

/** Adds and starts files in slices, however many are dropped at once, and whoever adds them. */
export function openFileIntake(
  uppy: PatientUppy,
  options: {
    workspaceId: string | undefined;
    onAdded: () => void;
    /** Where files wait that are in the list, until they are told to start. */
    hold: (files: readonly AddedFile[]) => void;
  },
): FileIntake {
  const checker = createFileChecker(uppy);
  const usual = uppy.opts;
  let { workspaceId } = options;
  /** What the engine was told last. */
  let startedIn = workspaceId;
  let dropped: Drop | null = null;
  let drops = 0;
  /** Drops up to this number were paused while files of theirs waited. */
  let pausedDrops = 0;
  /** Bytes that wait to be added. */
  let waitingBytes = 0;

  const adding = inSlices<{ file: FileToAdd; drop: Drop }>(
    (batch) => {
      for (const [drop, items] of groupRuns(batch, (item) => item.drop)) addOf(drop, items);
    },
    { batchSize: CHECKED_AT_ONCE },
  );

  const addOf = (drop: Drop, items: readonly { file: FileToAdd }[]) => {
    dropped = drop;
    waitingBytes -= bytesOf(items);
    // Listeners are the host's, and what they throw must not make the next files look like ones of this drop.
    try {
      const checked = checker.check(items.map(({ file }) => file));
      const isPaused = drop.number <= pausedDrops;
      const files = isPaused ? checked.map((file) => ({ ...file, isPaused })) : checked;
      for (const { id } of files) drop.ids.add(id);
      uppy.patchFilesState(Object.fromEntries(files.map((file) => [file.id, file])));
      for (const file of files) uppy.emit("file-added", file);
      if (files.length > 0) uppy.emit("files-added", files);
    } finally {
      dropped = null;
      options.onAdded();
    }
  };

  const starting = inSlices<AddedFile>(
    (batch) => {
      for (const [target, items] of groupRuns(batch, (item) => item.workspaceId)) startIn(target, items);
    },
    { batchSize: STARTED_AT_ONCE, delayMs: START_DELAY_MS },
  );

  /** Uppy would look at all files again for every few that are added; where a rule of the host wants that, so be it. */
  const isAllAtOnce = () => {
    const { onBeforeUpload, restrictions } = uppy.opts;
    const { minNumberOfFiles, requiredMetaFields } = restrictions;
    return (
      onBeforeUpload !== usual.onBeforeUpload || Boolean(minNumberOfFiles) || requiredMetaFields.length > 0
    );
  };

  const startIn = (target: string | undefined, items: readonly { id: string }[]) => {
    if (target !== startedIn) uppy.getPlugin("UppySpaces")?.setOptions({ workspaceId: target });
    startedIn = target;
    if (isAllAtOnce()) startNewFiles(uppy);
    else
      startFiles(
        uppy,
        items.map(({ id }) => id),
      );
  };

  uppy.on("files-added", (files) => {
    // What others add comes together, too.
    if (dropped === null) drops += 1;
    const { workspaceId: target, number: drop } = dropped ?? { workspaceId, number: drops };
    options.hold(files.map(({ id }) => ({ id, workspaceId: target, drop })));
  });

  const cancelAll = () => {
    adding.stop();
    starting.stop();
    waitingBytes = 0;
  };
  /** Uppy pauses only what has been started; the engine looks at this when it begins a file. */
  const pauseAll = () => {
    pausedDrops = drops;
    const unstarted = Object.values(uppy.files).filter(
      ({ progress, error }) => progress.uploadStarted === null && !error,
    );
    uppy.patchFilesState(Object.fromEntries(unstarted.map(({ id }) => [id, { isPaused: true }])));
  };
  const resumeAll = () => {
    pausedDrops = 0;
    const unstarted = Object.values(uppy.files).filter(
      ({ progress, isPaused }) => progress.uploadStarted === null && isPaused,
    );
    uppy.patchFilesState(Object.fromEntries(unstarted.map(({ id }) => [id, { isPaused: false }])));
  };
  // Whoever says it: the widget, or the host by Uppy's own methods.
  uppy.on("cancel-all", cancelAll);
  uppy.on("pause-all", pauseAll);
  uppy.on("resume-all", resumeAll);

  const add = (files: readonly FileToAdd[]) => {
    const isOwnRule = uppy.opts.onBeforeFileAdded !== usual.onBeforeFileAdded;
    if (isOwnRule || needsWholeList(uppy)) return uppy.addFilesAtOnce([...files]);
    drops += 1;
    const drop: Drop = { number: drops, workspaceId, ids: new Set() };
    const items = files.map((file) => ({ file, drop }));
    waitingBytes += bytesOf(items);
    adding.push(items);
  };

  return {
    add,
    waiting: () => ({ bytes: waitingBytes, files: adding.waiting() }),
    isOfThisDrop: (id) => dropped?.ids.has(id) ?? false,
    isBusy: () => adding.waiting() + starting.waiting() > 0,
    workspaceId: () => workspaceId,
    setWorkspace: (id) => {
      workspaceId = id;
    },
    cancelAll,
    resumeAll,
    start: starting.push,
    isAllAtOnce,
    isAdding: () => adding.waiting() > 0,
    close: () => {
      cancelAll();
      checker.close();
    },
  };
}

function bytesOf(items: readonly { file: FileToAdd }[]): number {
  return items.reduce((total, { file }) => total + (sizeOf(file) ?? 0), 0);
}
