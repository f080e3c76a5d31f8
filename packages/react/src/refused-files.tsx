import { memo, useContext, useRef } from "react";
import { describeRefusal } from "./describe-refusal.ts";
import { IconButton } from "./icon-button.tsx";
import { CloseIcon, FailedIcon } from "./icons.tsx";
import { moveFocusOn } from "./keep-focus.ts";
import type { RefusedFile } from "./uploads-state.ts";
import { WordsContext } from "./use-words.ts";

/** Most notices shown at once; a dropped folder may hold hundreds of files that are no audio. */
const MAX_SHOWN = 5;

interface RefusedFilesProps {
  refused: readonly RefusedFile[];
  onDismiss: (id: string) => void;
}

/** Files that were not taken, each with the reason and what to do. */
export const RefusedFiles = memo(function RefusedFiles({ refused, onDismiss }: RefusedFilesProps) {
  const hidden = refused.length - MAX_SHOWN;
  const words = useContext(WordsContext);
  return (
    <div role="alert" className="at-refused">
      {refused.length === 0 ? null : (
        <ul className="at-rows" aria-label={words.say("filesNotAdded")}>
          {refused.slice(-MAX_SHOWN).map((file) => (
            <RefusedRow key={file.id} file={file} onDismiss={onDismiss} />
          ))}
        </ul>
      )}
      {hidden > 0 ? <p className="at-note">{words.count("moreNotAdded", hidden)}</p> : null}
    </div>
  );
});

function RefusedRow({ file, onDismiss }: { file: RefusedFile; onDismiss: (id: string) => void }) {
  const row = useRef<HTMLLIElement>(null);
  const words = useContext(WordsContext);
  const { title, advice } = describeRefusal(file, words);
  return (
    <li
      ref={row}
      className="at-row"
      aria-label={file.name}
      tabIndex={-1}
      data-status="refused"
      data-tone={file.code === "already_added" ? "calm" : "bad"}
      data-code={file.code}
    >
      <span className="at-row-badge">
        <FailedIcon />
      </span>
      <div className="at-row-body">
        <p className="at-row-name" title={file.name}>
          <bdi>{file.name}</bdi>
        </p>
        <p className="at-row-status">
          <span className="at-row-label">{title}</span>
          <span className="at-row-detail">{advice}</span>
        </p>
      </div>
      <div className="at-row-actions">
        <IconButton
          label={words.say("removeFromList", { name: file.name })}
          onClick={() => {
            moveFocusOn(row.current);
            onDismiss(file.id);
          }}
        >
          <CloseIcon />
        </IconButton>
      </div>
    </li>
  );
}
