import type { FileRecord } from "@audiotricks/protocol/messages";
import { useContext, useEffect, useRef } from "react";
import { describeSharingError } from "./describe-access.ts";
import { useAttempt } from "./use-attempt.ts";
import { type LocaleOption, useWords, WordsContext } from "./use-words.ts";

export interface ArchivedNoticeProps {
  file: Pick<FileRecord, "name" | "state">;
  /** Has it fetched back; `recallFile` of `useUploadLibrary`. Rejects with `UploadError`. */
  onRecall: () => Promise<unknown>;
  /** As of `<AudioUploader>`. */
  locale?: LocaleOption | undefined;
}

/** Of a file in the archive: that it is there, a button to get it back, and that it comes. Of any other file, nothing. */
export function ArchivedNotice({ locale, ...props }: ArchivedNoticeProps) {
  const words = useWords(locale);
  if (words === null || !isAway(props.file)) return null;
  return (
    <WordsContext.Provider value={words}>
      <Notice {...props} />
    </WordsContext.Provider>
  );
}

/** Whether its bytes are in the archive, or on the way back. */
function isAway({ state }: Pick<FileRecord, "state">): boolean {
  return state === "archived" || state === "recalling";
}

function Notice({ file, onRecall }: Omit<ArchivedNoticeProps, "locale">) {
  const words = useContext(WordsContext);
  const { say } = words;
  const text = useRef<HTMLParagraphElement>(null);
  const [attempt, begin] = useAttempt();
  const isComing = file.state === "recalling";
  // The button goes with the focus on it: what it has brought about is read next.
  const wasAsked = attempt.status === "done";
  useEffect(() => {
    if (isComing && wasAsked && document.activeElement === document.body) text.current?.focus();
  }, [isComing, wasAsked]);

  return (
    <div className="at-archived" lang={words.tag} dir={words.dir} aria-busy={attempt.status === "running"}>
      <p ref={text} className="at-note" role="status" tabIndex={-1}>
        {isComing ? say("comesBack") : say("inArchive")}
      </p>
      {isComing ? null : (
        <button
          type="button"
          className="at-button"
          aria-label={say("getFileBack", { name: file.name })}
          aria-disabled={attempt.status === "running" || undefined}
          onClick={() => begin(async () => void (await onRecall()))}
        >
          {say("getBack")}
        </button>
      )}
      <p className="at-archived-problem" role="alert">
        {attempt.status === "refused" ? describeSharingError(attempt.error, words) : ""}
      </p>
    </div>
  );
}
