import { memo, useContext, useEffect, useRef } from "react";
import { ChoiceRow } from "./choice-row.tsx";
import { describeChoice, describeFitting, describeUpload } from "./describe-choice.ts";
import { focusEntrance } from "./keep-focus.ts";
import type { UploadActions } from "./upload-actions.ts";
import type { UploadChoice } from "./upload-choice.ts";
import { WordsContext } from "./use-words.ts";

/** Most rows shown: nobody puts thousands in order by hand, and each costs a millisecond. */
const MAX_SHOWN = 100;

type ChoiceActions = Pick<UploadActions, "moveChoice" | "leaveOut" | "uploadFitting" | "cancelChoice">;

/** Asked where not all files fit what is left: which go, in which order. Nothing moves until it is answered. */
export const ChoicePanel = memo(function ChoicePanel(props: { choice: UploadChoice } & ChoiceActions) {
  const { choice, moveChoice, leaveOut, uploadFitting, cancelChoice } = props;
  const words = useContext(WordsContext);
  const { say } = words;
  const panel = useRef<HTMLElement>(null);
  const draggedRef = useRef<string | null>(null);
  const { files, rooms } = choice;
  const upload = describeUpload(choice, words);
  const advice = describeChoice(choice, words);
  const hidden = files.slice(MAX_SHOWN);

  // It answers what somebody just did here. Whoever is elsewhere by now hears of it, and is left there.
  useEffect(() => {
    const { activeElement, body } = document;
    const isHere = activeElement === body || panel.current?.closest(".at-uploader")?.contains(activeElement);
    if (isHere) panel.current?.focus({ preventScroll: true });
    panel.current?.scrollIntoView({ block: "nearest" });
  }, []);

  return (
    <section ref={panel} className="at-choice" aria-label={say("choose")} tabIndex={-1}>
      <p className="at-heading">{describeFitting(choice, words)}</p>
      {advice === null ? null : <p className="at-note">{advice}</p>}
      <ol className="at-rows" aria-label={say("filesToChoose")}>
        {files.slice(0, MAX_SHOWN).map((file, index) => (
          <ChoiceRow
            key={file.id}
            file={file}
            rooms={rooms}
            index={index}
            count={files.length}
            onMove={moveChoice}
            onLeaveOut={leaveOut}
            draggedRef={draggedRef}
          />
        ))}
      </ol>
      {hidden.length === 0 ? null : (
        <p className="at-note">
          {words.count("moreToChoose", hidden.length, { fitting: hidden.filter(({ fits }) => fits).length })}
        </p>
      )}
      <div className="at-choice-actions">
        {upload === null ? null : (
          <button
            type="button"
            className="at-button at-button-main"
            onClick={() => {
              if (choice.fitting === files.length) focusEntrance(panel.current);
              else panel.current?.focus();
              uploadFitting();
            }}
          >
            {upload}
          </button>
        )}
        <button
          type="button"
          className="at-button"
          onClick={() => {
            focusEntrance(panel.current);
            cancelChoice();
          }}
        >
          {say("cancel")}
        </button>
      </div>
    </section>
  );
});
