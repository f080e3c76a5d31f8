import type { QuotaScope } from "@audiotricks/protocol/messages";
import { describeQuota, quotaShares } from "./describe-quota.ts";
import { shareStyle } from "./share-style.ts";
import { type QuotaOptions, useQuota } from "./use-quota.ts";

export interface QuotaMeterProps extends QuotaOptions {
  /** Names of the meters. Default: "Your storage" and "Workspace storage". */
  labels?: { user?: string; workspace?: string };
  /** `"auto"` follows the system. */
  theme?: "auto" | "light" | "dark";
  className?: string;
}

/** How full it is, in words and as a bar: the user's own limit, and the workspace's where one is given. */
export function QuotaMeter({ labels, theme = "auto", className = "", ...options }: QuotaMeterProps) {
  const state = useQuota(options);
  return (
    <div
      className={`at-quota ${className}`.trimEnd()}
      data-theme={theme}
      aria-busy={state.status === "loading"}
    >
      {state.status === "loading" ? <p className="at-note">Reading how much space there is…</p> : null}
      {state.status === "failed" ? (
        <p className="at-note">
          How much space there is cannot be read just now.{" "}
          <button type="button" className="at-link" onClick={state.refresh}>
            Try again
          </button>
        </p>
      ) : null}
      {state.status === "ready"
        ? state.quotas.map((quota) => (
            <Meter
              key={`${quota.scope}-${quota.id}`}
              quota={quota}
              label={
                quota.scope === "user"
                  ? (labels?.user ?? "Your storage")
                  : (labels?.workspace ?? "Workspace storage")
              }
            />
          ))
        : null}
    </div>
  );
}

function Meter({ quota, label }: { quota: QuotaScope; label: string }) {
  const { summary, level, detail } = describeQuota(quota);
  const { used, reserved } = quotaShares(quota);
  const { limitBytes, usedBytes } = quota;
  return (
    <div className="at-meter" data-status={quota.status} data-scope={quota.scope}>
      <p className="at-meter-text">
        <span className="at-meter-label">{label}</span>
        <span className="at-meter-summary">{summary}</span>
      </p>
      {limitBytes === null ? null : (
        // biome-ignore lint/a11y/useSemanticElements: <meter> cannot show what is used and what is on its way apart.
        <div
          className="at-meter-bar"
          role="meter"
          aria-label={label}
          aria-valuemin={0}
          aria-valuemax={limitBytes}
          aria-valuenow={Math.min(usedBytes, limitBytes)}
          aria-valuetext={[summary, level, detail].filter((part) => part !== null).join(", ")}
        >
          <span className="at-meter-reserved" style={shareStyle(used + reserved)} />
          <span className="at-meter-used" style={shareStyle(used)} />
        </div>
      )}
      {level === null && detail === null ? null : (
        <p className="at-meter-detail">
          {level === null ? null : <span className="at-meter-level">{level}</span>}
          {level === null || detail === null ? null : " · "}
          {detail}
        </p>
      )}
    </div>
  );
}
