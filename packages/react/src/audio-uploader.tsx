import type { Uppy } from "@uppy/core";
import { useEffect } from "react";
import type { Theme } from "./drop-zone.tsx";
import { UploaderView } from "./uploader-view.tsx";
import { type AudioUploadsOptions, useAudioUploads } from "./use-audio-uploads.ts";
import { useLatest } from "./use-latest.ts";
import { useRecorder } from "./use-recorder.ts";
import { type TabProgress, useTabProgress } from "./use-tab-progress.ts";

export interface AudioUploaderProps extends AudioUploadsOptions {
  /** Called with each Uppy this component makes, to add plugins or listen: one a mount, and one after a change of workspace. */
  onReady?: ((uppy: Uppy) => void) | undefined;
  /** Accessible name of the whole. Default: "Upload audio", in the language. */
  label?: string | undefined;
  /** `"auto"` follows the system. */
  theme?: Theme | undefined;
  /** Classes of your own for its outermost element. */
  className?: string | undefined;
  /**
   * Whether the title and the icon of the page's tab show progress while uploads run. `"title"`: the title alone, for pages whose
   * Content-Security-Policy has no `img-src data:`. Default: `true`; in a frame there is no tab to show it in.
   */
  tabProgress?: TabProgress | undefined;
  /**
   * Whether there is a button to record from the microphone. What records is loaded when it is pressed. Needs https, and `microphone` in a
   * Permissions-Policy or in the `allow` of a frame; to be heard before it is uploaded, `media-src blob:`. Default: `false`.
   */
  microphone?: boolean | undefined;
}

/**
 * Drop audio, watch it arrive. Needs `@audiotricks/upload-react/styles.css`. On a server it renders the frame; everything else
 * happens in the browser.
 */
export function AudioUploader(props: AudioUploaderProps) {
  const {
    onReady,
    label,
    theme = "auto",
    className = "",
    tabProgress = true,
    microphone = false,
    ...options
  } = props;
  const uploads = useAudioUploads(options);
  const { uppy, totals, words } = uploads;
  useTabProgress(totals, tabProgress, words);
  const recorder = useRecorder(uploads, options.rules);

  const whenReady = useLatest(onReady);
  useEffect(() => {
    if (uppy !== null) whenReady.current?.(uppy);
  }, [uppy, whenReady]);

  return (
    <UploaderView
      uploads={uploads}
      companion={options}
      recorder={microphone ? recorder : null}
      label={label}
      theme={theme}
      className={className}
    />
  );
}
