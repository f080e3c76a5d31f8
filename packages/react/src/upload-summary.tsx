import { useContext } from "react";
import { describeTotals } from "./describe-totals.ts";
import { Detail } from "./detail.tsx";
import { NotifyToggle } from "./notify-toggle.tsx";
import { ProgressBar } from "./progress-bar.tsx";
import type { UploadActions } from "./upload-actions.ts";
import type { UploadTotals } from "./uploads-state.ts";
import { WordsContext } from "./use-words.ts";

/** The line above the files: where all of them are together, and what can be done to all of them. */
export function UploadSummary({ totals, actions }: { totals: UploadTotals; actions: UploadActions }) {
  const words = useContext(WordsContext);
  const { say } = words;
  if (totals.files === 0) return null;
  const { headline, detail } = describeTotals(totals, words);
  const moving = totals.unfinished - totals.paused;
  const isRunning = totals.unfinished > 0;
  return (
    <div className="at-summary">
      <p className="at-summary-text">
        <strong className="at-summary-headline">{headline}</strong>
        {detail === null ? null : <Detail className="at-summary-detail" text={detail} />}
      </p>
      <div className="at-summary-actions">
        {isRunning && moving > 0 ? (
          <button type="button" className="at-button" onClick={actions.pauseAll}>
            {say("pauseAll")}
          </button>
        ) : null}
        {isRunning && moving === 0 ? (
          <button type="button" className="at-button" onClick={actions.resumeAll}>
            {say("resumeAll")}
          </button>
        ) : null}
        {isRunning ? null : (
          <button type="button" className="at-button" onClick={actions.dismissFinished}>
            {say("clearList")}
          </button>
        )}
      </div>
      {totals.files > 1 && isRunning ? (
        <ProgressBar label={say("allFiles")} sent={totals.sentBytes} total={totals.totalBytes} />
      ) : null}
      <NotifyToggle totals={totals} />
    </div>
  );
}
