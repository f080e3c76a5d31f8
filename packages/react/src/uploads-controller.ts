import type { FileRecord } from "@audiotricks/protocol/messages";
import {
  createCompanionClient,
  type GetToken,
  type SpacesUploadStatus,
  UppySpaces,
} from "@audiotricks/uppy-spaces";
import Uppy from "@uppy/core";
import { signalChange } from "./change-signal.ts";
import { type ConfigState, loadConfig } from "./config-state.ts";
import { explainRefusal } from "./explain-refusal.ts";
import { statusOf } from "./file-status.ts";
import { keepApart } from "./keep-apart.ts";
import { uppyRestrictions } from "./restrictions.ts";
import { startNewFiles } from "./start-new-files.ts";
import { hasChangedStorage, newlyDone } from "./storage-changes.ts";
import { throttle } from "./throttle.ts";
import { EMPTY_UPLOADS, isUnfinished, reuseItems, totalsOf, type UploadsState } from "./uploads-state.ts";

/** How often listeners hear of progress at most, in milliseconds. */
const NOTIFY_INTERVAL_MS = 100;
/** How long files are gathered before they are started together, in milliseconds. */
const START_DELAY_MS = 4;
/** How long a cancelled upload takes to be gone at the companion, generously, in milliseconds. */
const CANCEL_SETTLE_MS = 2000;

export interface UploadsControllerOptions {
  /** Unique in the page. */
  id: string;
  companionUrl: string;
  getToken: GetToken;
  /** Where files go; `undefined` for the user's own space. */
  workspaceId: string | undefined;
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
  let refusals = 0;
  let startTimer: ReturnType<typeof setTimeout> | undefined;
  let cancelTimer: ReturnType<typeof setTimeout> | undefined;

  const uppy: Uppy = new Uppy({
    id: options.id,
    onBeforeFileAdded: (file, pending) => keepApart(file, pending, uppy.getState().files),
  });
  uppy.use(UppySpaces, { companionUrl, getToken, workspaceId });

  function update(change: Partial<UploadsState>): void {
    state = { ...state, ...change };
    for (const listener of listeners) listener();
  }

  const readFiles = throttle(() => {
    const files = reuseItems(
      state.files,
      uppy.getFiles().map((file) => ({
        id: file.id,
        name: file.name ?? "",
        size: file.size ?? 0,
        status: statusOf(file),
      })),
    );
    if (files === state.files) return;
    const before = state.files;
    update({ files, totals: totalsOf(files) });
    for (const file of newlyDone(before, files)) options.onUploaded(file);
    if (hasChangedStorage(before, files)) signalChange(companionUrl);
  }, NOTIFY_INTERVAL_MS);

  uppy.on("state-update", readFiles.call);
  uppy.on("files-added", () => {
    clearTimeout(startTimer);
    startTimer = setTimeout(() => startNewFiles(uppy), START_DELAY_MS);
  });
  uppy.on("file-removed", (file) => {
    if (!isUnfinished(statusOf(file))) return;
    // The companion hears of it a moment later, and nobody says when.
    clearTimeout(cancelTimer);
    cancelTimer = setTimeout(() => signalChange(companionUrl), CANCEL_SETTLE_MS);
  });
  uppy.on("restriction-failed", (file, error) => {
    refusals += 1;
    const name = file?.name ?? "";
    const isKnown = file !== undefined && uppy.getState().files[file.id] !== undefined;
    const refusal = explainRefusal({ name, size: file?.size ?? 0 }, isKnown, state.config, error.message);
    update({ refused: [...state.refused, { id: `refused-${refusals}`, ...refusal }] });
  });

  const client = createCompanionClient({ companionUrl, getToken });
  const config = loadConfig(
    (signal) => client.config({ signal }),
    (next: ConfigState) => {
      if (next.status === "ready") uppy.setOptions({ restrictions: uppyRestrictions(next.config) });
      update({ config: next });
    },
  );

  // The view's state may be some milliseconds old; what to do is decided by Uppy's.
  const idsWhere = (test: (status: SpacesUploadStatus) => boolean) =>
    uppy.getFiles().flatMap((file) => (test(statusOf(file)) ? [file.id] : []));
  const is = (id: string, test: (status: SpacesUploadStatus) => boolean) => {
    const file = uppy.getState().files[id];
    return file !== undefined && test(statusOf(file));
  };
  const setPaused = (id: string, isPaused: boolean) => {
    const file = uppy.getState().files[id];
    if (file && (file.isPaused ?? false) !== isPaused) uppy.pauseResume(id);
  };

  const actions: UploadActions = {
    addFiles: (files) => {
      uppy.addFiles(
        [...files].map((file) => ({ name: file.name, type: file.type, data: file, source: "local" })),
      );
    },
    pause: (id) => setPaused(id, true),
    resume: (id) => setPaused(id, false),
    cancel: (id) => {
      if (is(id, isUnfinished)) uppy.removeFile(id);
    },
    retry: (id) => {
      // How it goes is in the file's state; the promise adds nothing.
      if (is(id, ({ status }) => status === "failed")) uppy.retryUpload(id).catch(() => {});
    },
    dismiss: (id) => {
      if (is(id, (status) => !isUnfinished(status))) uppy.removeFile(id);
      const refused = state.refused.filter((file) => file.id !== id);
      if (refused.length < state.refused.length) update({ refused });
    },
    pauseAll: () => uppy.pauseAll(),
    // Uppy's own would also try everything again that failed.
    resumeAll: () => {
      for (const id of idsWhere(({ status }) => status === "paused")) setPaused(id, false);
    },
    cancelAll: () => uppy.removeFiles(idsWhere(isUnfinished)),
    dismissFinished: () => {
      uppy.removeFiles(idsWhere((status) => !isUnfinished(status)));
      update({ refused: [] });
    },
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
    isBusy: () => idsWhere(isUnfinished).length > 0,
    setWorkspace: (id) => uppy.getPlugin("UppySpaces")?.setOptions({ workspaceId: id }),
    dispose: () => {
      if (isDisposed) return;
      isDisposed = true;
      clearTimeout(startTimer);
      clearTimeout(cancelTimer);
      config.stop();
      readFiles.stop();
      listeners.clear();
      // destroy() cancels every upload, and a cancel deletes what is at the store: the engine has to leave before.
      const engine = uppy.getPlugin("UppySpaces");
      if (engine) uppy.removePlugin(engine);
      uppy.destroy();
    },
    isDisposed: () => isDisposed,
  };
}
