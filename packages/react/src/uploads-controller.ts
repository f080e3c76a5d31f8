import type { AudioRules } from "@audiotricks/audio-preflight";
import type { FileRecord } from "@audiotricks/protocol/messages";
import {
  createCompanionClient,
  findSessionsInUse,
  type GetToken,
  type SpacesUploadStatus,
  UppySpaces,
} from "@audiotricks/uppy-spaces";
import type { Uppy } from "@uppy/core";
import { createAudioGate } from "./audio-gate.ts";
import { signalChange } from "./change-signal.ts";
import type { FileToAdd } from "./check-files.ts";
import { type ConfigState, loadConfig } from "./config-state.ts";
import { createCoverShelf } from "./cover-shelf.ts";
import { listenForDrops } from "./dropped-handles.ts";
import { explainRefusal } from "./explain-refusal.ts";
import { createFileHandles, type HandledFile } from "./file-handles.ts";
import { type AddedFile, openFileIntake } from "./file-intake.ts";
import { isWaiting, statusOf, type UppyUpload } from "./file-status.ts";
import type { Demand } from "./fit-in-order.ts";
import { folderOf } from "./folder-of.ts";
import { openHandleShelf } from "./handle-shelf.ts";
import { keepApart } from "./keep-apart.ts";
import { createKeptUploads } from "./kept-uploads.ts";
import { notHere } from "./not-here.ts";
import { PatientUppy } from "./patient-uppy.ts";
import { nextNotices, type QuotaNotice } from "./quota-notices.ts";
import { watchQuota } from "./quota-watch.ts";
import { findViolation, uppyRestrictions } from "./restrictions.ts";
import { createStemSets } from "./stem-sets.ts";
import { hasChangedStorage } from "./storage-changes.ts";
import { throttle } from "./throttle.ts";
import { createUploadChoice, keyOf, modifiedOf } from "./upload-choice.ts";
import {
  EMPTY_UPLOADS,
  isUnfinished,
  type RefusedFile,
  reuseItems,
  totalsOf,
  type UploadItem,
  type UploadsState,
} from "./uploads-state.ts";
import { createWaitingFiles } from "./waiting-files.ts";
import { openWaitingShelf } from "./waiting-shelf.ts";

/** How often listeners hear of progress at most, in milliseconds: as often as a number can be read. Bars move in between. */
const NOTIFY_INTERVAL_MS = 200;
/** When to look for the engine's answer to what a person did, in milliseconds. */
const ANSWERS_WITHIN_MS = [0, 40];
/** How many files that went as soon as they were stored are kept to be told of; more than end between two announcements. */
const KEPT_LEFT = 1000;
/** Pixels of a side: twice what is seen, for fine displays. */
const COVER_SIDE = 80;
/** How long a cancelled upload takes to be gone at the companion, generously, in milliseconds. */
const CANCEL_SETTLE_MS = 2000;

export interface UploadsControllerOptions {
  /** Unique in the page. */
  id: string;
  companionUrl: string;
  getToken: GetToken;
  /** Where files go; `undefined` for the user's own space. */
  workspaceId: string | undefined;
  /** What files have to be; `false`: they are not looked into. */
  rules: () => AudioRules | false;
  /** Called once a file that the companion has proved and stored. */
  onUploaded: (file: FileRecord) => void;
}

/** What a person can do. All are functions that may be passed on; one that makes no sense in a file's state does nothing. */
export interface UploadActions {
  addFiles: (files: Iterable<File>) => void;
  pause: (id: string) => void;
  resume: (id: string) => void;
  /** Ends an upload that is under way, at the store too; the file leaves the list. */
  cancel: (id: string) => void;
  retry: (id: string) => void;
  /** Takes a finished, failed or refused file off the list; what is stored stays stored. */
  dismiss: (id: string) => void;
  pauseAll: () => void;
  resumeAll: () => void;
  cancelAll: () => void;
  dismissFinished: () => void;
  /** Goes on with uploads of an earlier page that are `continuable`. To be called by a click: the browser may have to ask. */
  continueUploads: (sessionIds: readonly string[]) => void;
  /** Adds again what is `notBegun` and can be read. To be called by a click, too. */
  beginWaiting: () => void;
  /** Forgets what is `notBegun`. */
  dismissWaiting: () => void;
  /** Gives a file of `choice` another place in the order, counted from 0. */
  moveChoice: (id: string, index: number) => void;
  /** Takes a file out of `choice`. */
  leaveOut: (id: string) => void;
  /** Adds those files of `choice` that fit; the rest stays in it. */
  uploadFitting: () => void;
  /** Adds nothing of `choice`. */
  cancelChoice: () => void;
  /** Takes one of `quotaNotices` away; it comes again when its level is crossed again. */
  dismissQuotaNotice: (notice: QuotaNotice) => void;
  /** Files in sight: they are looked into first. */
  see: (ids: readonly string[]) => void;
  /** The cover in a file of the list, as a square of 80 pixels; `null` where there is none. For a canvas: no policy of the page forbids it. */
  cover: (id: string) => Promise<ImageBitmap | null>;
  /** These are no stems: takes one of `stems` away. */
  dismissStems: (id: string) => void;
  /** Asks the companion for its rules again. */
  retryConfig: () => void;
}

/** One Uppy with our engine in it, and everything a view needs, without React. Ended by `dispose`, any number of times. */
export interface UploadsController {
  uppy: Uppy;
  actions: UploadActions;
  subscribe: (listener: () => void) => () => void;
  getState: () => UploadsState;
  /** Whether something is still to be sent or saved. */
  isBusy: () => boolean;
  /** Where files go that are added from now on. */
  setWorkspace: (workspaceId: string | undefined) => void;
  /** Stops sending and lets go of everything; what was sent stays at the store, to be continued later. */
  dispose: () => void;
  isDisposed: () => boolean;
}

export function createUploadsController(options: UploadsControllerOptions): UploadsController {
  const { companionUrl, getToken, workspaceId } = options;
  const listeners = new Set<() => void>();
  let state: UploadsState = EMPTY_UPLOADS;
  let isDisposed = false;
  let hasBegun = false;
  let refusals = 0;
  /** Whose record the host has. */
  const reported = new Set<string>();
  /** Not told yet: stored files that left the list. */
  let left: UploadItem[] = [];
  /** Not told yet: a folder may hold thousands of files that are no audio. */
  let refused: RefusedFile[] = [];
  /** Being taken off the list, and not by a person. */
  let refusedIds: ReadonlySet<string> = new Set();
  let hasNewStems = false;
  let answerTimers: ReturnType<typeof setTimeout>[] = [];
  let cancelTimer: ReturnType<typeof setTimeout> | undefined;

  const uppy: PatientUppy = new PatientUppy({
    id: options.id,
    onBeforeFileAdded: (file, pending) => keepApart(file, pending, uppy.files, intake.isOfThisDrop),
  });
  uppy.use(UppySpaces, { companionUrl, getToken, workspaceId, metadataFields: ["relativePath"] });
  const intake = openFileIntake(uppy, {
    workspaceId,
    onAdded: () => tellRefused(),
    hold: (files) => {
      for (const { id, drop } of files) {
        const file = uppy.files[id];
        if (file !== undefined) stems.join(id, drop, folderOf(file));
      }
      gate.hold(files);
    },
  });
  const stems = createStemSets();
  const gate = createAudioGate<AddedFile>({
    rules: options.rules,
    file: (id) => {
      const file = uppy.files[id];
      if (file === undefined) return undefined;
      const { name, size } = itemOf(file);
      return { name, size, blob: file.data instanceof Blob ? file.data : null };
    },
    isInLine: (id) => {
      const file = uppy.files[id];
      return file !== undefined && isWaiting(file) && statusOf(file).status !== "paused";
    },
    isAllAtOnce: intake.isAllAtOnce,
    pass: intake.start,
    refuse: (files) => {
      for (const { id, findings } of files) {
        const [first] = findings.filter(({ severity }) => severity === "refuse");
        const file = uppy.files[id];
        if (file === undefined || first === undefined) continue;
        const { name, size } = itemOf(file);
        const others = findings.filter((finding) => finding !== first);
        const why = { code: first.code, error: null, findings: [first, ...others], sentence: "" };
        refusals += 1;
        refused.push({ id: `refused-${refusals}`, itemId: id, name, size, ...why });
      }
      const ids = files.map(({ id }) => id);
      refusedIds = new Set(ids);
      uppy.removeFiles(ids);
      refusedIds = new Set();
      readFiles.call();
    },
    onKnown: (ids, module) => {
      for (const id of ids) {
        const file = uppy.files[id];
        if (file !== undefined) stems.know(id, itemOf(file).name, gate.of(id).audio);
      }
      if (module !== null && stems.settle(module.findStems)) hasNewStems = true;
      readFiles.call();
    },
  });
  const covers = createCoverShelf(async (id) => {
    const file = uppy.files[id];
    const { audio } = gate.of(id);
    if (audio === null || !(file?.data instanceof Blob)) return null;
    return await gate.cover(file.data, { bytesRead: audio.bytesRead, side: COVER_SIDE });
  });
  const client = createCompanionClient({ companionUrl, getToken });
  const quota = watchQuota({
    companionUrl,
    read: (signal) => client.quota({ workspaceId: intake.workspaceId() }, { signal }),
    taken: () => demandOf(uppy.getFiles(), intake.waiting()),
    onReading: ({ quotas }) => {
      const quotaNotices = nextNotices(state.quotaNotices, state.quotas, quotas);
      update({ quotas, quotaNotices });
      choosing.look();
    },
  });
  const choosing = createUploadChoice({
    quota,
    isAllowed: (file) => state.config.status !== "ready" || findViolation(file, state.config.config) === null,
    underWay: () =>
      new Set(
        uppy
          .getFiles()
          .filter((file) => isUnfinished(statusOf(file)))
          .map(keyOfUpload),
      ),
    reserved: async () => {
      const { uploads } = await client.listUploads();
      const here = intake.workspaceId();
      return notHere(uploads, uppy.getFiles().map(itemOf)).filter(
        (upload) => (upload.workspaceId ?? undefined) === here,
      );
    },
    add: intake.add,
    onChange: (choice) => update({ choice }),
  });
  uppy.setIntake(choosing.take);

  function update(change: Partial<UploadsState>): void {
    state = { ...state, ...change };
    for (const listener of listeners) listener();
  }

  function tellRefused(): void {
    if (refused.length === 0) return;
    const all = [...state.refused, ...refused];
    refused = [];
    update({ refused: all });
  }

  const readFiles = throttle(() => {
    tellRefused();
    const before = state.files;
    const files = reuseItems(before, uppy.getFiles().map(itemWithSound));
    const hasNewLeft = left.length > 0;
    kept.look(uppy.getFiles());
    waiting.look();
    gate.look();
    if (hasNewStems) update({ stems: stems.sets() });
    hasNewStems = false;
    if (files === before && !hasNewLeft) return;
    const allLeft = hasNewLeft ? [...state.left, ...left].slice(-KEPT_LEFT) : state.left;
    left = [];
    update({ files, totals: totalsOf(files), left: allLeft });
    if (hasNewLeft || hasChangedStorage(before, files)) signalChange(companionUrl);
  }, NOTIFY_INTERVAL_MS);

  function itemWithSound(file: UppyUpload): UploadItem {
    const { audio, warnings } = gate.of(file.id);
    return { ...itemOf(file), folder: stems.folder(file.id), audio, warnings, stems: stems.of(file.id) };
  }

  /** Once a file, and never later than the file or this controller goes: a host may take either away as soon as it is stored. */
  function report(file: UppyUpload): void {
    const status = statusOf(file);
    if (status.status !== "done" || reported.has(file.id)) return;
    reported.add(file.id);
    try {
      options.onUploaded(status.file);
    } catch (error) {
      // It is the host's; other files are not to miss their end for it.
      uppy.log(error, "error");
    }
  }

  uppy.on("state-update", readFiles.call);
  // Nothing follows that it could be gathered with, and people wait for it.
  uppy.on("complete", readFiles.flush);
  // Before any listener of the host, which may remove the file or unmount the widget.
  uppy.on("upload-success", (file) => {
    if (file !== undefined) report(file);
  });
  uppy.on("file-removed", (file) => {
    if (!isDisposed) kept.removed(file.id);
    const status = statusOf(file);
    // The engine's word may be in Uppy's state while its event is still to come; for a removed file it never comes.
    report(file);
    // The same file may be added again.
    reported.delete(file.id);
    gate.remove(file.id);
    covers.forget(file.id);
    // Of stems, one that is refused is one that does not fit in.
    if (!refusedIds.has(file.id)) stems.leave(file.id);
    if (status.status === "done") {
      left.push(itemOf(file));
      readFiles.call();
    }
    if (!isUnfinished(status)) return;
    // The companion hears of it a moment later, and nobody says when.
    clearTimeout(cancelTimer);
    cancelTimer = setTimeout(() => signalChange(companionUrl), CANCEL_SETTLE_MS);
  });
  uppy.on("restriction-failed", (file, error) => {
    refusals += 1;
    const name = file?.name ?? "";
    const isKnown = file !== undefined && uppy.getFile(file.id) !== undefined;
    const refusal = explainRefusal({ name, size: file?.size ?? 0 }, isKnown, state.config, error.message);
    refused.push({ id: `refused-${refusals}`, ...refusal });
    readFiles.call();
  });

  const drops = listenForDrops(typeof window === "undefined" ? new EventTarget() : window);
  const handles = createFileHandles(drops);
  const addAgain =
    (add: (files: FileToAdd[]) => void) =>
    (uploads: readonly { upload: Omit<HandledFile, "handle">; file: File }[]) =>
      add(
        uploads.map(({ file, upload: { name, type, relativePath } }) => {
          return { name, type, data: file, source: "local", meta: { relativePath } };
        }),
      );
  const kept = createKeptUploads({
    companionUrl,
    client,
    handles,
    findSessionsInUse,
    shelf: openHandleShelf(),
    workspaceId: intake.workspaceId,
    // What they take is reserved.
    add: addAgain(intake.add),
    onChange: (continuable) => update({ continuable }),
  });
  const waiting = createWaitingFiles({
    companionUrl,
    handles,
    shelf: openWaitingShelf(),
    files: () => uppy.getFiles(),
    userId: async () => {
      const { quotas } = await client.quota();
      const own = quotas.find(({ scope }) => scope === "user");
      if (own === undefined) throw new Error("The companion does not say who is signed in");
      return own.id;
    },
    workspaceId: intake.workspaceId,
    begunFiles: async () => (await client.listUploads()).uploads,
    add: addAgain((files) => uppy.addFiles(files)),
    onChange: (notBegun) => update({ notBegun }),
  });
  const leaving = new AbortController();
  if (typeof window !== "undefined")
    window.addEventListener("pagehide", waiting.leave, { signal: leaving.signal });
  /** The browser asks one question at a time. */
  let asked: Promise<unknown> = Promise.resolve();
  const config = loadConfig(
    (signal) => client.config({ signal }),
    (next: ConfigState) => {
      if (next.status === "ready") uppy.setOptions({ restrictions: uppyRestrictions(next.config) });
      update({ config: next });
      if (next.status !== "ready" || hasBegun) return;
      hasBegun = true;
      void quota.ask();
      kept.begin();
      waiting.begin();
    },
  );

  // The view's state may be some milliseconds old; what to do is decided by Uppy's.
  const idsWhere = (test: (status: SpacesUploadStatus) => boolean) =>
    uppy.getFiles().flatMap((file) => (test(statusOf(file)) ? [file.id] : []));
  const is = (id: string, test: (status: SpacesUploadStatus) => boolean) => {
    const file = uppy.files[id];
    return file !== undefined && test(statusOf(file));
  };
  const setPaused = (id: string, isPaused: boolean) => {
    const file = uppy.files[id];
    if (file && (file.isPaused ?? false) !== isPaused) uppy.pauseResume(id);
  };

  const showNow = () => {
    uppy.publish();
    readFiles.flush();
  };
  /** What a person did is seen at once, and what the engine says to it as soon. */
  const seen =
    <Args extends unknown[]>(action: (...args: Args) => void) =>
    (...args: Args) => {
      action(...args);
      showNow();
      answerTimers = ANSWERS_WITHIN_MS.map((ms) => setTimeout(showNow, ms));
    };

  const actions: UploadActions = {
    addFiles: seen((files) => {
      uppy.addFiles(
        Array.from(files, (file) => {
          const { name, type, webkitRelativePath } = file;
          return {
            name,
            type,
            data: file,
            source: "local",
            meta: { relativePath: webkitRelativePath || null },
          };
        }),
      );
    }),
    pause: seen((id) => setPaused(id, true)),
    resume: seen((id) => setPaused(id, false)),
    cancel: seen((id) => {
      if (is(id, isUnfinished)) uppy.removeFile(id);
    }),
    retry: seen((id) => {
      // How it goes is in the file's state; the promise adds nothing.
      if (is(id, ({ status }) => status === "failed")) uppy.retryUpload(id).catch(() => {});
    }),
    dismiss: seen((id) => {
      if (is(id, (status) => !isUnfinished(status))) uppy.removeFile(id);
      const left = state.refused.filter((file) => file.id !== id);
      if (left.length < state.refused.length) update({ refused: left });
    }),
    pauseAll: seen(() => uppy.pauseAll()),
    // Uppy's own would also try everything again that failed.
    resumeAll: seen(() => {
      intake.resumeAll();
      // Whether or not the engine has said yet that they are paused.
      for (const id of idsWhere(isUnfinished)) setPaused(id, false);
    }),
    cancelAll: seen(() => {
      intake.cancelAll();
      uppy.removeFiles(idsWhere(isUnfinished));
    }),
    dismissFinished: seen(() => {
      uppy.removeFiles(idsWhere((status) => !isUnfinished(status)));
      update({ refused: [] });
    }),
    continueUploads: (sessionIds) => {
      asked = asked.then(() => kept.continueUploads(sessionIds));
    },
    beginWaiting: () => {
      asked = asked.then(waiting.continueAll);
    },
    dismissWaiting: waiting.dismiss,
    moveChoice: choosing.move,
    leaveOut: choosing.leaveOut,
    uploadFitting: seen(choosing.uploadFitting),
    cancelChoice: choosing.cancel,
    see: gate.see,
    cover: covers.get,
    dismissStems: (id) => {
      stems.dismiss(id);
      update({ stems: stems.sets(), files: reuseItems(state.files, uppy.getFiles().map(itemWithSound)) });
    },
    dismissQuotaNotice: ({ scope, id }) =>
      update({
        quotaNotices: state.quotaNotices.filter((notice) => notice.scope !== scope || notice.id !== id),
      }),
    retryConfig: config.retry,
  };

  return {
    uppy,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    getState: () => state,
    actions,
    isBusy: () => choosing.isBusy() || intake.isBusy() || idsWhere(isUnfinished).length > 0,
    setWorkspace: (id) => {
      if (id === intake.workspaceId()) return;
      choosing.settle();
      intake.setWorkspace(id);
      quota.restart();
    },
    dispose: () => {
      if (isDisposed) return;
      isDisposed = true;
      choosing.stop();
      quota.stop();
      intake.close();
      gate.close();
      clearTimeout(cancelTimer);
      for (const timer of answerTimers) clearTimeout(timer);
      config.stop();
      drops.stop();
      kept.stop();
      leaving.abort();
      waiting.leave();
      waiting.stop();
      // Nobody looks any more, but what the engine said last still has to be passed on.
      listeners.clear();
      uppy.publish();
      readFiles.flush();
      readFiles.stop();
      for (const file of uppy.getFiles()) report(file);
      // destroy() cancels every upload, and a cancel deletes what is at the store: the engine has to leave before.
      const engine = uppy.getPlugin("UppySpaces");
      if (engine) uppy.removePlugin(engine);
      uppy.destroy();
    },
    isDisposed: () => isDisposed,
  };
}

function itemOf(file: UppyUpload): UploadItem {
  const sound = { folder: null, audio: null, warnings: [], stems: null };
  return { id: file.id, name: file.name ?? "", size: file.size ?? 0, status: statusOf(file), ...sound };
}

function keyOfUpload({ name, size, data }: UppyUpload): string {
  return keyOf(name ?? "", size, modifiedOf({ data }));
}

/** What files will take that the companion has not been told of. */
function demandOf(files: readonly UppyUpload[], beside: Demand): Demand {
  const { bytes, files: count } = beside;
  const waiting = files.filter((file) => isWaiting(file));
  return {
    bytes: waiting.reduce((total, { size }) => total + (size ?? 0), bytes),
    files: count + waiting.length,
  };
}
