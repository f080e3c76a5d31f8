import { memo, useContext, useRef } from "react";
import { describeNotBegun } from "./describe-not-begun.ts";
import { IconButton } from "./icon-button.tsx";
import { AudioIcon, CloseIcon } from "./icons.tsx";
import { moveFocusOn } from "./keep-focus.ts";
import { WordsContext } from "./use-words.ts";
import type { NotBegun } from "./waiting-files.ts";

/** All files that an earlier page had not begun, in one row: there may be thousands, and there is nothing to tell of each. */
export const NotBegunRow = memo(function NotBegunRow(props: {
  files: readonly NotBegun[];
  onDismiss: () => void;
}) {
  const { files, onDismiss } = props;
  const row = useRef<HTMLLIElement>(null);
  const words = useContext(WordsContext);
  const { title, detail } = describeNotBegun(files, words);
  return (
    <li ref={row} className="at-row" aria-label={title} tabIndex={-1} data-status="not-begun">
      <span className="at-row-badge">
        <AudioIcon />
      </span>
      <div className="at-row-body">
        <p className="at-row-name">{title}</p>
        <p className="at-row-status">
          <span className="at-row-detail">{detail}</span>
        </p>
      </div>
      <div className="at-row-actions">
        <IconButton
          label={words.say("forgetNotBegun")}
          onClick={() => {
            moveFocusOn(row.current);
            onDismiss();
          }}
        >
          <CloseIcon />
        </IconButton>
      </div>
    </li>
  );
});
