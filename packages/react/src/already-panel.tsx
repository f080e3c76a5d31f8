import { memo, useContext, useId, useRef } from "react";
import { Detail } from "./detail.tsx";
import { focusEntrance } from "./keep-focus.ts";
import type { AlreadyStored } from "./known-content.ts";
import { WordsContext } from "./use-words.ts";

/** Most rows shown, as where files are chosen. */
const MAX_SHOWN = 100;

interface AlreadyPanelProps {
  already: readonly AlreadyStored[];
  onSkip: (ids: readonly string[]) => void;
  onUpload: (ids: readonly string[]) => void;
}

/** Files whose content is stored already: each waits for a person to say whether it is to be sent again. */
export const AlreadyPanel = memo(function AlreadyPanel({ already, onSkip, onUpload }: AlreadyPanelProps) {
  const words = useContext(WordsContext);
  const { say } = words;
  const headingId = useId();
  const panel = useRef<HTMLElement>(null);
  if (already.length === 0) return null;
  const ids = already.map(({ id }) => id);
  /** The focus is in what goes. */
  const act = (act: (ids: readonly string[]) => void, some: readonly string[]) => {
    if (some.length === already.length) focusEntrance(panel.current);
    else panel.current?.focus({ preventScroll: true });
    act(some);
  };
  return (
    <section ref={panel} className="at-already" aria-labelledby={headingId} tabIndex={-1}>
      <p className="at-heading" id={headingId}>
        {say("alreadyStored")}
      </p>
      <p className="at-note">{say("alreadyStoredNote")}</p>
      {already.length === 1 ? null : (
        <div className="at-already-actions">
          <button type="button" className="at-button at-button-main" onClick={() => act(onSkip, ids)}>
            {words.count("skipAll", ids.length)}
          </button>
          <button type="button" className="at-button" onClick={() => act(onUpload, ids)}>
            {words.count("uploadAllAnyway", ids.length)}
          </button>
        </div>
      )}
      <ul className="at-rows" aria-labelledby={headingId}>
        {already.slice(0, MAX_SHOWN).map(({ id, name, stored }) => (
          <li key={id} className="at-already-row" aria-label={name} data-status="already">
            <p className="at-row-name" title={name}>
              <bdi>{name}</bdi>
            </p>
            <Detail
              className="at-note"
              text={say("storedAs", { date: words.date(stored.createdAt), name: words.name(stored.name) })}
            />
            <div className="at-already-actions">
              <button
                type="button"
                className="at-button"
                aria-label={say("skipFile", { name })}
                onClick={() => act(onSkip, [id])}
              >
                {say("skip")}
              </button>
              <button
                type="button"
                className="at-button"
                aria-label={say("uploadFileAnyway", { name })}
                onClick={() => act(onUpload, [id])}
              >
                {say("uploadAnyway")}
              </button>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
});
