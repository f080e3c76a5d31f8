import { memo, type ReactNode, useContext } from "react";
import { AlreadyPanel } from "./already-panel.tsx";
import { ChoicePanel } from "./choice-panel.tsx";
import { describeError } from "./describe-error.ts";
import { DropZone, type Theme } from "./drop-zone.tsx";
import { FileList } from "./file-list.tsx";
import { LiveRegion } from "./live-region.tsx";
import { QuotaNotes } from "./quota-notes.tsx";
import { RecorderPanel } from "./recorder-panel.tsx";
import { RefusedFiles } from "./refused-files.tsx";
import { describeLimits } from "./restrictions.ts";
import { StemUnitsPanels } from "./stem-units-panel.tsx";
import { StemsPanels } from "./stems-panel.tsx";
import { UnfinishedUploads } from "./unfinished-uploads.tsx";
import { UploadSummary } from "./upload-summary.tsx";
import type { AudioUploads } from "./use-audio-uploads.ts";
import type { CompanionOptions } from "./use-client.ts";
import type { RecorderControls } from "./use-recorder.ts";
import { WordsContext } from "./use-words.ts";

interface UploaderViewProps {
  uploads: AudioUploads;
  /** Where unfinished uploads are asked for. */
  companion: CompanionOptions & { workspaceId?: string | undefined };
  /** `null` where nothing is recorded. */
  recorder: RecorderControls | null;
  label: string | undefined;
  theme: Theme;
  className: string;
}

/** The widget's looks: all that is seen of it follows from `uploads`, but what was begun earlier, which it asks for itself. */
export function UploaderView(props: UploaderViewProps) {
  const { uploads, companion, recorder, label, theme, className } = props;
  const { uppy, files, refused, totals, words } = uploads;
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
        {recorder === null ? null : (
          <RecorderPanel
            recorder={recorder}
            canAdd={uploads.config.status === "ready" && uppy !== null && !uploads.isSwitching}
          />
        )}
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
        <AlreadyPanel already={uploads.already} onSkip={uploads.skip} onUpload={uploads.uploadAnyway} />
        <StemsPanels
          stems={uploads.stems}
          isShared={companion.workspaceId !== undefined}
          uploadTogether={uploads.uploadTogether}
          dismissStems={uploads.dismissStems}
        />
        <StemUnitsPanels
          units={uploads.stemUnits}
          publishStems={uploads.publishStems}
          dropStems={uploads.dropStems}
          dismissStemUnit={uploads.dismissStemUnit}
        />
        <UploadSummary totals={totals} actions={uploads} />
        <FileList {...uploads} />
        <UnfinishedUploads
          companionUrl={companion.companionUrl}
          getToken={companion.getToken}
          workspaceId={companion.workspaceId}
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
