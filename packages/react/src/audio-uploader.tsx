import type { Uppy } from "@uppy/core";
import { memo, type ReactNode, useContext, useEffect } from "react";
import { ChoicePanel } from "./choice-panel.tsx";
import { describeError } from "./describe-error.ts";
import { DropZone, type Theme } from "./drop-zone.tsx";
import { FileList } from "./file-list.tsx";
import { LiveRegion } from "./live-region.tsx";
import { QuotaNotes } from "./quota-notes.tsx";
import { RefusedFiles } from "./refused-files.tsx";
import { describeLimits } from "./restrictions.ts";
import { StemsPanels } from "./stems-panel.tsx";
import { UnfinishedUploads } from "./unfinished-uploads.tsx";
import { UploadSummary } from "./upload-summary.tsx";
import { type AudioUploads, type AudioUploadsOptions, useAudioUploads } from "./use-audio-uploads.ts";
import { useLatest } from "./use-latest.ts";
import { type TabProgress, useTabProgress } from "./use-tab-progress.ts";
import { WordsContext } from "./use-words.ts";

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
}

/**
 * Drop audio, watch it arrive. Needs `@audiotricks/upload-react/styles.css`. On a server it renders the frame; everything else
 * happens in the browser.
 */
export function AudioUploader(props: AudioUploaderProps) {
  const { onReady, label, theme = "auto", className = "", tabProgress = true, ...options } = props;
  const uploads = useAudioUploads(options);
  const { uppy, files, refused, totals, words } = uploads;
  useTabProgress(totals, tabProgress, words);

  const whenReady = useLatest(onReady);
  useEffect(() => {
    if (uppy !== null) whenReady.current?.(uppy);
  }, [uppy, whenReady]);

  const frame = { className: `at-uploader ${className}`.trimEnd(), "data-theme": theme };
  // No other language than the one that was asked for; it is there in a moment.
  if (words === null) {
    return (
      <section {...frame} aria-label={label} aria-busy="true">
        <div className="at-drop" />
      </section>
    );
  }
  return (
    <WordsContext.Provider value={words}>
      <section {...frame} lang={words.tag} dir={words.dir} aria-label={label ?? words.say("uploadAudio")}>
        <Entrance
          uppy={uppy}
          config={uploads.config}
          isSwitching={uploads.isSwitching}
          retryConfig={uploads.retryConfig}
          theme={theme}
        />
        <QuotaNotes
          notices={uploads.quotaNotices}
          quotas={uploads.quotas}
          onDismiss={uploads.dismissQuotaNotice}
        />
        {uploads.choice === null ? null : (
          <ChoicePanel
            choice={uploads.choice}
            moveChoice={uploads.moveChoice}
            leaveOut={uploads.leaveOut}
            uploadFitting={uploads.uploadFitting}
            cancelChoice={uploads.cancelChoice}
          />
        )}
        <RefusedFiles refused={refused} onDismiss={uploads.dismiss} />
        <StemsPanels stems={uploads.stems} onDismiss={uploads.dismissStems} />
        <UploadSummary totals={totals} actions={uploads} />
        <FileList {...uploads} />
        <UnfinishedUploads
          companionUrl={options.companionUrl}
          getToken={options.getToken}
          workspaceId={options.workspaceId}
          files={files}
          continuable={uploads.continuable}
          onContinue={uploads.continueUploads}
          notBegun={uploads.notBegun}
          onBeginWaiting={uploads.beginWaiting}
          onDismissWaiting={uploads.dismissWaiting}
        />
        <LiveRegion state={uploads} />
      </section>
    </WordsContext.Provider>
  );
}

type EntranceProps = Pick<AudioUploads, "uppy" | "config" | "isSwitching" | "retryConfig"> & { theme: Theme };

/** The way in: the drop zone, or why there is none. */
const Entrance = memo(function Entrance(props: EntranceProps) {
  const { uppy, config, isSwitching, retryConfig, theme } = props;
  const words = useContext(WordsContext);
  const { say } = words;
  switch (config.status) {
    case "ready": {
      if (uppy === null) return <Notice title={say("gettingReady")} />;
      const note = isSwitching ? say("moreLater") : describeLimits(config.config, words);
      return <DropZone uppy={uppy} theme={theme} note={note} isDisabled={isSwitching} />;
    }
    case "loading":
      return <Notice title={say("gettingReady")} />;
    case "unreachable":
      return (
        <Notice title={say("serviceSilent")} onRetry={retryConfig}>
          {say("serviceSilentAdvice")}
        </Notice>
      );
    case "signed_out":
      return (
        <Notice title={say("signedOut")} onRetry={retryConfig}>
          {say("signInToUpload")}
        </Notice>
      );
    case "failed": {
      const { title, advice } = describeError(config.error, words);
      return (
        <Notice title={title} onRetry={retryConfig}>
          {advice}
        </Notice>
      );
    }
  }
});

function Notice(props: { title: string; children?: ReactNode; onRetry?: () => void }) {
  const { title, children, onRetry } = props;
  const { say } = useContext(WordsContext);
  return (
    <div className="at-drop at-notice" role="status">
      <p className="at-notice-title">{title}</p>
      {children === undefined ? null : <p className="at-note">{children}</p>}
      {onRetry === undefined ? null : (
        <button type="button" className="at-button" onClick={onRetry}>
          {say("tryAgain")}
        </button>
      )}
    </div>
  );
}
