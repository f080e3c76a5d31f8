import { type UploadActions, type UploadsState, useWords } from "@audiotricks/upload-react";
import { EMPTY_UPLOADS, type RecorderState, totalsOf, UploaderView } from "@audiotricks/upload-react/gallery";
import Uppy from "@uppy/core";
import { useContext } from "react";
import { action } from "storybook/actions";
import { urlOfCompanion } from "./companion.ts";
import { READY } from "./samples.ts";
import { SettingsContext } from "./settings.ts";
import { useOwnUppy } from "./use-own-uppy.ts";

export interface WidgetProps extends Partial<Omit<UploadsState, "totals">> {
  isSwitching?: boolean;
  /** Draws the covers of files, by their ids. */
  cover?: UploadActions["cover"];
  /** Waveforms of files, by their ids. */
  waveforms?: UploadActions["waveforms"];
  /** Of the recorder; none is there unless it is said. */
  recorder?: RecorderState;
}

/** The widget as it is when its controller says this: what is done to it is told in the panel, and changes nothing. */
export function Widget({
  isSwitching = false,
  cover = async () => null,
  waveforms = null,
  recorder,
  ...state
}: WidgetProps) {
  const { theme, language } = useContext(SettingsContext);
  const words = useWords(language);
  const uppy = useOwnUppy(createUppy);
  const { files = [] } = state;
  const uploads = {
    ...EMPTY_UPLOADS,
    config: READY,
    ...state,
    totals: totalsOf(files),
    ...ACTIONS,
    cover,
    waveforms,
    uppy,
    isSwitching,
    words,
  };
  return (
    <UploaderView
      uploads={uploads}
      companion={COMPANION}
      recorder={recorder === undefined ? null : { state: recorder, ...RECORDING }}
      label={undefined}
      theme={theme}
      className=""
    />
  );
}

/** `default` of a state's companions; nothing was begun earlier where there is none. */
const COMPANION = { companionUrl: urlOfCompanion("default"), getToken: async () => "a token of the gallery" };

/** For the way in, which is Uppy's. */
const createUppy = () => new Uppy();

const ACTIONS = {
  addFiles: action("addFiles"),
  pause: action("pause"),
  resume: action("resume"),
  cancel: action("cancel"),
  retry: action("retry"),
  dismiss: action("dismiss"),
  pauseAll: action("pauseAll"),
  resumeAll: action("resumeAll"),
  cancelAll: action("cancelAll"),
  dismissFinished: action("dismissFinished"),
  continueUploads: action("continueUploads"),
  beginWaiting: action("beginWaiting"),
  dismissWaiting: action("dismissWaiting"),
  moveChoice: action("moveChoice"),
  leaveOut: action("leaveOut"),
  uploadFitting: action("uploadFitting"),
  cancelChoice: action("cancelChoice"),
  dismissQuotaNotice: action("dismissQuotaNotice"),
  see: () => {},
  dismissStems: action("dismissStems"),
  uploadTogether: action("uploadTogether"),
  publishStems: action("publishStems"),
  dropStems: action("dropStems"),
  dismissStemUnit: action("dismissStemUnit"),
  skip: action("skip"),
  uploadAnyway: action("uploadAnyway"),
  retryConfig: action("retryConfig"),
} satisfies Omit<UploadActions, "cover" | "waveforms">;

const RECORDING = {
  open: action("open"),
  start: action("start"),
  stop: action("stop"),
  discard: action("discard"),
  upload: action("upload"),
  close: action("close"),
};
