import type { QuotaScope } from "@audiotricks/protocol/messages";
import { describeQuota, quotaShares } from "./describe-quota.ts";
import { shareStyle } from "./share-style.ts";
import { type QuotaOptions, useQuota } from "./use-quota.ts";
import { type LocaleOption, useWords } from "./use-words.ts";
import type { Words } from "./words.ts";

export interface QuotaMeterProps extends QuotaOptions {
  /** Names of the meters. Default: "Your storage" and "Workspace storage", in the language. */
  labels?: { user?: string; workspace?: string };
  /** As of `<AudioUploader>`. */
  locale?: LocaleOption | undefined;
  /** `"auto"` follows the system. */
  theme?: "auto" | "light" | "dark";
  /** Classes of your own for its outermost element. */
  className?: string;
}

/** How full it is, in words and as a bar: the user's own limit, and the workspace's where one is given. */
export function QuotaMeter(props: QuotaMeterProps) {
  const { labels, locale, theme = "auto", className = "", ...options } = props;
  const state = useQuota(options);
  const words = useWords(locale);
  const frame = { className: `at-quota ${className}`.trimEnd(), "data-theme": theme };
  if (words === null) return <div {...frame} aria-busy="true" />;
  const { say } = words;
  return (
    <div {...frame} lang={words.tag} dir={words.dir} aria-busy={state.status === "loading"}>
      {state.status === "loading" ? <p className="at-note">{say("readingSpace")}</p> : null}
      {state.status === "failed" ? (
        <p className="at-note">
          {say("spaceUnreadable")}{" "}
          <button type="button" className="at-link" onClick={state.refresh}>
            {say("tryAgain")}
          </button>
        </p>
      ) : null}
      {state.status === "ready"
        ? state.quotas.map((quota) => (
            <Meter
              key={`${quota.scope}-${quota.id}`}
              quota={quota}
              words={words}
              label={
                quota.scope === "user"
                  ? (labels?.user ?? say("yourStorage"))
                  : (labels?.workspace ?? say("workspaceStorage"))
              }
            />
          ))
        : null}
    </div>
  );
}

function Meter({ quota, label, words }: { quota: QuotaScope; label: string; words: Words }) {
  const { summary, level, detail } = describeQuota(quota, words);
  const { used, reserved } = quotaShares(quota);
  const { limitBytes, usedBytes } = quota;
  return (
    <div className="at-meter" data-status={quota.status} data-scope={quota.scope}>
      <p className="at-meter-text">
        <bdi className="at-meter-label">{label}</bdi>
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
          aria-valuetext={[summary, level, detail]
            .filter((part) => part !== null)
            .join(words.say("listSeparator"))}
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
