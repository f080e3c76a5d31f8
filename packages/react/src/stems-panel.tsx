import { memo, useContext, useId } from "react";
import { describeStemFacts, describeStems, describeStemTroubles } from "./describe-stems.ts";
import { Detail } from "./detail.tsx";
import { focusEntrance } from "./keep-focus.ts";
import type { StemSet } from "./stem-sets.ts";
import { WordsContext } from "./use-words.ts";

interface StemsPanelsProps {
  stems: readonly StemSet[];
  onDismiss: (id: string) => void;
}

/** Files that belong together, each set with what is odd about it and what is missing. */
export const StemsPanels = memo(function StemsPanels({ stems, onDismiss }: StemsPanelsProps) {
  return stems.map((set) => <StemsPanel key={set.id} set={set} onDismiss={onDismiss} />);
});

function StemsPanel({ set, onDismiss }: { set: StemSet; onDismiss: (id: string) => void }) {
  const words = useContext(WordsContext);
  const headingId = useId();
  const troubles = describeStemTroubles(set, words);
  return (
    <section className="at-stems" aria-labelledby={headingId}>
      <p className="at-stems-heading" id={headingId}>
        {describeStems(set, words)}
      </p>
      <button
        type="button"
        className="at-button"
        aria-describedby={headingId}
        onClick={({ currentTarget }) => {
          focusEntrance(currentTarget);
          onDismiss(set.id);
        }}
      >
        {words.say("notStems")}
      </button>
      <Detail className="at-note" text={describeStemFacts(set, words)} />
      {troubles.length === 0 ? (
        <p className="at-note">{words.say("stemsTogether")}</p>
      ) : (
        <ul className="at-stems-troubles">
          {troubles.map((trouble) => (
            <li key={trouble}>{trouble}</li>
          ))}
        </ul>
      )}
    </section>
  );
}
