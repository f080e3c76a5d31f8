import { memo, useContext, useId } from "react";
import { describeStemFacts, describeStems, describeStemTroubles } from "./describe-stems.ts";
import { Detail } from "./detail.tsx";
import { focusEntrance } from "./keep-focus.ts";
import type { StemSet } from "./stem-sets.ts";
import type { UploadActions } from "./upload-actions.ts";
import { WordsContext } from "./use-words.ts";

interface StemsPanelsProps extends Pick<UploadActions, "uploadTogether" | "dismissStems"> {
  stems: readonly StemSet[];
  /** Whether others read where they go. */
  isShared: boolean;
}

/** Files that belong together, each set with what is odd about it and what is missing: they wait for a person to say whether they are one. */
export const StemsPanels = memo(function StemsPanels({ stems, ...more }: StemsPanelsProps) {
  return stems.map((set) => <StemsPanel key={set.id} set={set} {...more} />);
});

function StemsPanel(props: { set: StemSet } & Omit<StemsPanelsProps, "stems">) {
  const { set, isShared, uploadTogether, dismissStems } = props;
  const words = useContext(WordsContext);
  const headingId = useId();
  const noteId = useId();
  const troubles = describeStemTroubles(set, words);
  return (
    <section className="at-stems" aria-labelledby={headingId} data-status="offered">
      <p className="at-stems-heading" id={headingId}>
        {describeStems(set, words)}
      </p>
      <Detail className="at-note" text={describeStemFacts(set, words)} />
      {troubles.length === 0 ? null : (
        <ul className="at-stems-troubles">
          {troubles.map((trouble) => (
            <li key={trouble}>{trouble}</li>
          ))}
        </ul>
      )}
      <p className="at-note" id={noteId}>
        {troubles.length === 0
          ? words.join(words.say("stemsTogether"), words.say(isShared ? "stemsAsOneShared" : "stemsAsOne"))
          : words.say(isShared ? "stemsAsOneShared" : "stemsAsOne")}
      </p>
      <div className="at-stems-actions">
        <button
          type="button"
          className="at-button at-button-main"
          aria-describedby={`${headingId} ${noteId}`}
          onClick={({ currentTarget }) => {
            focusEntrance(currentTarget);
            uploadTogether(set.id);
          }}
        >
          {words.say("uploadTogether")}
        </button>
        <button
          type="button"
          className="at-button"
          aria-describedby={headingId}
          onClick={({ currentTarget }) => {
            focusEntrance(currentTarget);
            dismissStems(set.id);
          }}
        >
          {words.say("notStems")}
        </button>
      </div>
    </section>
  );
}
