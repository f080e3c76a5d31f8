import type { SpacesUploadStatus } from "@audiotricks/uppy-spaces";
import type { FileIntake } from "./file-intake.ts";
import { statusOf } from "./file-status.ts";
import type { PatientUppy } from "./patient-uppy.ts";
import type { QuotaNotice } from "./quota-notices.ts";
import type { ChoosingUploads } from "./upload-choice.ts";
import { isUnfinished, type UploadsState } from "./uploads-state.ts";
import type { WaveformShelf } from "./waveform-shelf.ts";

/** When to look for the engine's answer to what a person did, in milliseconds. */
const ANSWERS_WITHIN_MS = [0, 40];

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
  /** Waveforms of the files in the list, and the files to be heard; `null` where none were asked for. */
  waveforms: WaveformShelf | null;
  /** These are no stems: takes one of `stems` away, and its files begin, each by itself. */
  dismissStems: (id: string) => void;
  /** One of `stems` begins as one: it becomes one of `stemUnits`. */
  uploadTogether: (id: string) => void;
  /** Does without those of one of `stemUnits` that are `lost`: the others are published once they are stored. */
  publishStems: (id: string) => void;
  /** Cancels and deletes all of one of `stemUnits`. */
  dropStems: (id: string) => void;
  /** Takes one of `stemUnits` out of sight; nothing else changes. */
  dismissStemUnit: (id: string) => void;
  /** Takes files of `already` off the list: they are stored, and not sent. */
  skip: (ids: readonly string[]) => void;
  /** Sends files of `already` all the same. */
  uploadAnyway: (ids: readonly string[]) => void;
  /** Asks the companion for its rules again. */
  retryConfig: () => void;
}

type OfOthers =
  | "continueUploads"
  | "beginWaiting"
  | "dismissWaiting"
  | "see"
  | "cover"
  | "waveforms"
  | "dismissStems"
  | "uploadTogether"
  | "publishStems"
  | "dropStems"
  | "dismissStemUnit"
  | "uploadAnyway"
  | "retryConfig";

/** Those actions, and what ends the looks at what came of them. */
export function createUploadActions(parts: {
  uppy: PatientUppy;
  intake: FileIntake;
  choosing: ChoosingUploads;
  getState: () => UploadsState;
  update: (change: Partial<UploadsState>) => void;
  /** Shows what is so just now. */
  showNow: () => void;
  /** What others do by themselves. */
  others: Pick<UploadActions, OfOthers>;
}): { actions: UploadActions; stop: () => void } {
  const { uppy, intake, choosing, getState, update, showNow, others } = parts;
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

  let timers: ReturnType<typeof setTimeout>[] = [];
  const stop = () => {
    for (const timer of timers) clearTimeout(timer);
  };
  /** What a person did is seen at once, and what the engine says to it as soon. */
  const seen =
    <Args extends unknown[]>(action: (...args: Args) => void) =>
    (...args: Args) => {
      action(...args);
      showNow();
      stop();
      timers = ANSWERS_WITHIN_MS.map((ms) => setTimeout(showNow, ms));
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
      const left = getState().refused.filter((file) => file.id !== id);
      if (left.length < getState().refused.length) update({ refused: left });
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
    skip: seen((ids) => {
      const waiting = new Set(getState().already.map(({ id }) => id));
      uppy.removeFiles(ids.filter((id) => waiting.has(id)));
    }),
    moveChoice: choosing.move,
    leaveOut: choosing.leaveOut,
    uploadFitting: seen(choosing.uploadFitting),
    cancelChoice: choosing.cancel,
    dismissQuotaNotice: ({ scope, id }) =>
      update({
        quotaNotices: getState().quotaNotices.filter((notice) => notice.scope !== scope || notice.id !== id),
      }),
    ...others,
  };

  return { actions, stop };
}
