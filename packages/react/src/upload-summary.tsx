import { describeTotals } from "./describe-totals.ts";
import { Detail } from "./detail.tsx";
import { ProgressBar } from "./progress-bar.tsx";
import type { UploadActions } from "./uploads-controller.ts";
import type { UploadTotals } from "./uploads-state.ts";

/** The line above the files: where all of them are together, and what can be done to all of them. */
export function UploadSummary({ totals, actions }: { totals: UploadTotals; actions: UploadActions }) {
  if (totals.files === 0) return null;
  const { headline, detail } = describeTotals(totals);
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
            Pause all
          </button>
        ) : null}
        {isRunning && moving === 0 ? (
          <button type="button" className="at-button" onClick={actions.resumeAll}>
            Resume all
          </button>
        ) : null}
        {isRunning ? null : (
          <button type="button" className="at-button" onClick={actions.dismissFinished}>
            Clear list
          </button>
        )}
      </div>
      {totals.files > 1 && isRunning ? (
        <ProgressBar label="All files" sent={totals.sentBytes} total={totals.totalBytes} />
      ) : null}
    </div>
  );
}
