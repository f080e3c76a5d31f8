import { memo, useContext, useEffect, useId, useRef, useState } from "react";
import { describeStems, describeStemUnit } from "./describe-stems.ts";
import { focusEntrance } from "./keep-focus.ts";
import type { StemUnit } from "./stem-units.ts";
import type { UploadActions } from "./upload-actions.ts";
import { WordsContext } from "./use-words.ts";

interface StemUnitsProps extends Pick<UploadActions, "publishStems" | "dropStems" | "dismissStemUnit"> {
  units: readonly StemUnit[];
}

/** Stems that are uploaded as one: how far they are, and what a person may say where some will not come. */
export const StemUnitsPanels = memo(function StemUnitsPanels({ units, ...actions }: StemUnitsProps) {
  return units.map((unit) => <StemUnitPanel key={unit.id} unit={unit} {...actions} />);
});

function StemUnitPanel(props: { unit: StemUnit } & Omit<StemUnitsProps, "units">) {
  const { unit, publishStems, dropStems, dismissStemUnit } = props;
  const words = useContext(WordsContext);
  const headingId = useId();
  const panel = useRef<HTMLElement>(null);
  /** What is deleted is gone: said once more before. */
  const [isAsking, setAsking] = useState(false);
  const safe = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (isAsking) safe.current?.focus();
  }, [isAsking]);
  const { status, lost, size } = unit;
  const isShort = status === "short";
  const others = size - lost.length;
  const act = (act: (id: string) => void) => {
    panel.current?.focus({ preventScroll: true });
    setAsking(false);
    act(unit.id);
  };
  const name = describeStems(unit, words);

  return (
    <section ref={panel} className="at-stems" aria-labelledby={headingId} tabIndex={-1} data-status={status}>
      <p className="at-stems-heading" id={headingId}>
        {name}
      </p>
      <p className={isShort ? "at-stems-troubles" : "at-note"}>{describeStemUnit(unit, words)}</p>
      {unit.hasFailed ? (
        <p className="at-stems-problem" role="alert">
          {words.say("stemsUnchanged")}
        </p>
      ) : null}
      {isShort && isAsking ? (
        <div className="at-stems-actions">
          <p className="at-note">{words.say("deleteStemsNote")}</p>
          <button ref={safe} type="button" className="at-button" onClick={() => act(() => {})}>
            {words.say("keepStems")}
          </button>
          <button type="button" className="at-button" onClick={() => act(dropStems)}>
            {words.count("deleteStems", size)}
          </button>
        </div>
      ) : null}
      {isShort && !isAsking ? (
        <div className="at-stems-actions">
          {others === 0 ? null : (
            <button
              type="button"
              className="at-button at-button-main"
              aria-describedby={headingId}
              onClick={() => act(publishStems)}
            >
              {words.count("publishWithout", others)}
            </button>
          )}
          <button
            type="button"
            className="at-button"
            aria-describedby={headingId}
            onClick={() => setAsking(true)}
          >
            {words.count("deleteStems", size)}
          </button>
        </div>
      ) : null}
      {status === "published" ? (
        <div className="at-stems-actions">
          <button
            type="button"
            className="at-button"
            aria-describedby={headingId}
            onClick={({ currentTarget }) => {
              focusEntrance(currentTarget);
              dismissStemUnit(unit.id);
            }}
          >
            {words.say("closeStems")}
          </button>
        </div>
      ) : null}
    </section>
  );
}
