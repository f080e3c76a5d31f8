import type { AudioRules } from "@audiotricks/audio-preflight";
import type { FileRecord } from "@audiotricks/protocol/messages";
import type { Uppy } from "@uppy/core";
import { useEffect, useId, useRef, useState, useSyncExternalStore } from "react";
import type { UploadActions } from "./upload-actions.ts";
import { createUploadsController, type UploadsController } from "./uploads-controller.ts";
import { EMPTY_UPLOADS, type UploadsState } from "./uploads-state.ts";
import type { CompanionOptions } from "./use-client.ts";
import { useLatest } from "./use-latest.ts";
import { type LocaleOption, useWords } from "./use-words.ts";
import type { Words } from "./words.ts";

export interface AudioUploadsOptions extends CompanionOptions {
  /** The workspace files go to; the user's own space if left out. Files added before a change keep theirs. */
  workspaceId?: string | undefined;
  /**
   * What files have to be, looked up in their first and last bytes before anything is sent: `{ sampleRate: 48000, bitDepth: 24 }`. `false`: files are not looked
   * into. Holds for files that are looked into from then on; need not be stable.
   */
  rules?: AudioRules | false | undefined;
  /**
   * Whether waveforms are worked out while files are read to be sent, drawn in their rows, from where they can be heard, and kept beside the files
   * that are stored, as files that count. Needs `media-src blob:` of a Content-Security-Policy. Default: `false`; fixed when mounting.
   */
  waveforms?: boolean | undefined;
  /**
   * What becomes of a file whose content is stored already, where it would go: `"ask"` (the default) says so and sends nothing of it until the person
   * has chosen, `"upload"` sends it again without a word. Holds for files that are added from then on.
   */
  duplicates?: "ask" | "upload" | undefined;
  /**
   * What becomes of files of one drop that have one sample rate and one length, as stems do: `"ask"` (the default) offers to upload them as one
   * unit, which others see once all of it is stored, and sends nothing of them until the person has chosen; `"apart"` uploads each by itself
   * without a word. Holds for files that are added from then on.
   */
  stems?: "ask" | "apart" | undefined;
  /** Called once for each file that is stored and proved. */
  onUploaded?: ((file: FileRecord) => void) | undefined;
  /** A BCP 47 tag such as `"de"` or `"ar-EG"`, `"auto"` for the browser's languages, or an imported table. Default: English. */
  locale?: LocaleOption | undefined;
}

export interface AudioUploads extends UploadsState, UploadActions {
  /** For other plugins and events; `null` on the server and before the first effect. Not to be destroyed. */
  uppy: Uppy | null;
  /** `companionUrl` changed while files were under way: they finish first, and none can be added until then. */
  isSwitching: boolean;
  /** For `describeStatus`, `formatBytes` and the others; `null` while the language is being loaded. */
  words: Words | null;
}

/**
 * Everything `<AudioUploader>` is made of, without its looks. One Uppy per mounted component: made after mounting, so that
 * neither a server nor StrictMode's second mount leaves one behind, and let go of when unmounting; what was sent until then
 * stays at the store and can be continued.
 */
export function useAudioUploads(options: AudioUploadsOptions): AudioUploads {
  const { controller, isSwitching } = useController(options);
  const words = useWords(options.locale);
  const state = useSyncExternalStore(
    controller?.subscribe ?? subscribeToNothing,
    controller?.getState ?? getEmptyState,
    getEmptyState,
  );
  const actions = controller?.actions ?? NO_ACTIONS;
  return { ...state, ...actions, uppy: controller?.uppy ?? null, isSwitching, words };
}

interface Held {
  /** What it was made for. */
  key: string;
  companionUrl: string;
  controller: UploadsController;
}

function useController(options: AudioUploadsOptions): {
  controller: UploadsController | null;
  isSwitching: boolean;
} {
  const { companionUrl, workspaceId } = options;
  const id = `audiotricks${useId().replace(/\W/g, "")}`;
  const latest = useLatest(options);
  const [held, setHeld] = useState<Held | null>(null);
  // Effects run twice under StrictMode and again on hot reload, before the state above is seen: this is what really exists.
  const existing = useRef<Held | null>(null);
  const controller = held?.controller ?? null;
  const isBusy = useSyncExternalStore(
    controller?.subscribe ?? subscribeToNothing,
    () => (controller?.getState().totals.unfinished ?? 0) > 0,
    () => false,
  );

  const key = JSON.stringify([companionUrl, workspaceId]);
  useEffect(() => {
    const old = existing.current;
    if (old && !old.controller.isDisposed()) {
      if (old.key === key) return;
      if (isBusy || old.controller.isBusy()) {
        if (old.companionUrl !== companionUrl) return;
        // What was added goes where it was meant to go; what is added from now on, to the new workspace.
        old.controller.setWorkspace(workspaceId);
        existing.current = { ...old, key };
        setHeld(existing.current);
        return;
      }
      old.controller.dispose();
    }
    const created = createUploadsController({
      id,
      companionUrl,
      workspaceId,
      getToken: () => latest.current.getToken(),
      rules: () => latest.current.rules ?? {},
      waveforms: latest.current.waveforms ?? false,
      duplicates: () => latest.current.duplicates ?? "ask",
      stems: () => latest.current.stems ?? "ask",
      onUploaded: (file) => latest.current.onUploaded?.(file),
    });
    existing.current = { key, companionUrl, controller: created };
    setHeld(existing.current);
  }, [id, key, companionUrl, workspaceId, isBusy, latest]);

  // Apart from the effect above, whose clean-up would also run when a prop changes in mid-upload.
  useEffect(() => () => existing.current?.controller.dispose(), []);

  return { controller, isSwitching: isBusy && held !== null && held.companionUrl !== companionUrl };
}

const subscribeToNothing = () => () => {};
const getEmptyState = () => EMPTY_UPLOADS;

const nothing = () => {};
const NO_ACTIONS: UploadActions = {
  addFiles: nothing,
  pause: nothing,
  resume: nothing,
  cancel: nothing,
  retry: nothing,
  dismiss: nothing,
  pauseAll: nothing,
  resumeAll: nothing,
  cancelAll: nothing,
  dismissFinished: nothing,
  continueUploads: nothing,
  beginWaiting: nothing,
  dismissWaiting: nothing,
  moveChoice: nothing,
  leaveOut: nothing,
  uploadFitting: nothing,
  cancelChoice: nothing,
  dismissQuotaNotice: nothing,
  see: nothing,
  cover: async () => null,
  waveforms: null,
  dismissStems: nothing,
  uploadTogether: nothing,
  publishStems: nothing,
  dropStems: nothing,
  dismissStemUnit: nothing,
  skip: nothing,
  uploadAnyway: nothing,
  retryConfig: nothing,
};
