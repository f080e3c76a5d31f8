import type { AccessLevel, FileRecord } from "@audiotricks/protocol/messages";
import { useContext, useId, useState } from "react";
import { CopyField } from "./copy-field.tsx";
import { describeLevel, describeSharingError, levelsOf } from "./describe-access.ts";
import { useAttempt } from "./use-attempt.ts";
import { WordsContext } from "./use-words.ts";

interface AccessChoiceProps {
  file: FileRecord;
  isOnline: boolean;
  onChange: (level: AccessLevel) => Promise<unknown>;
}

/** Who reads a file: chosen first, changed by a button, since arrow keys choose too. */
export function AccessChoice({ file, isOnline, onChange }: AccessChoiceProps) {
  const words = useContext(WordsContext);
  const { say } = words;
  const name = useId();
  const [chosen, setChosen] = useState<AccessLevel>(file.accessLevel);
  // Changed here or elsewhere: what was chosen before was chosen of something else.
  const [seen, setSeen] = useState(file.accessLevel);
  if (seen !== file.accessLevel) {
    setSeen(file.accessLevel);
    setChosen(file.accessLevel);
  }
  const [attempt, begin] = useAttempt();
  const levels = levelsOf(file);
  const isRunning = attempt.status === "running";
  const isIdle = chosen === file.accessLevel || isRunning || !isOnline;

  return (
    <form
      className="at-sharing-part"
      aria-busy={isRunning}
      onSubmit={(event) => {
        event.preventDefault();
        if (!isIdle) begin(async () => void (await onChange(chosen)));
      }}
    >
      <fieldset>
        <legend>{say("whoMayRead")}</legend>
        {levels.map((level) => {
          const { title, note } = describeLevel(level, words);
          return (
            <label key={level} className="at-level">
              <input
                type="radio"
                name={name}
                value={level}
                checked={chosen === level}
                aria-labelledby={`${name}-${level}`}
                aria-describedby={`${name}-${level}-note`}
                onChange={() => setChosen(level)}
              />
              <span id={`${name}-${level}`}>{title}</span>
              <span id={`${name}-${level}-note`} className="at-note">
                {note}
              </span>
            </label>
          );
        })}
      </fieldset>
      {levels.length > 1 ? (
        <button type="submit" className="at-button" aria-disabled={isIdle || undefined}>
          {say(isRunning ? "changingAccess" : "changeAccess")}
        </button>
      ) : null}
      <p className="at-note" role="status">
        {file.accessChanging === true
          ? say("accessFollows")
          : attempt.status === "done" && chosen === file.accessLevel
            ? say("accessChanged")
            : ""}
      </p>
      <p className="at-sharing-problem" role="alert">
        {attempt.status === "refused" ? describeSharingError(attempt.error, words) : ""}
      </p>
      {file.publicUrl === undefined ? null : (
        <CopyField label={say("publicAddress")} value={file.publicUrl} note={say("publicAddressNote")} />
      )}
    </form>
  );
}
