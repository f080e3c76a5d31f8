import { useContext } from "react";
import { describeAudio, describeTitle } from "./describe-audio.ts";
import { describeFinding } from "./describe-finding.ts";
import { describeStem } from "./describe-stems.ts";
import { Detail } from "./detail.tsx";
import { FailedIcon } from "./icons.tsx";
import type { UploadItem } from "./uploads-state.ts";
import { WordsContext } from "./use-words.ts";

type Sound = Pick<UploadItem, "audio" | "folder" | "stems">;

/** What is in a file and where it is from. */
export function SoundLines({ audio, folder, stems }: Sound) {
  const words = useContext(WordsContext);
  const title = describeTitle(audio, words);
  const facts = describeAudio(audio, words);
  // Stems of a folder are called as it is.
  const isSaid = folder?.split("/").at(-1) === stems?.name;
  if (title === null && facts === null && folder === null && stems === null) return null;
  return (
    <p className="at-row-sound">
      {folder === null ? null : (
        <bdi className="at-row-folder" title={folder}>
          {folder}
        </bdi>
      )}
      {title === null ? null : (
        <bdi className="at-row-title" title={title}>
          {title}
        </bdi>
      )}
      {facts === null ? null : <Detail className="at-row-facts" text={facts} />}
      {stems === null ? null : (
        <span className="at-row-stem">{isSaid ? words.say("stem") : describeStem(stems, words)}</span>
      )}
    </p>
  );
}

/** What is not as it should be with a file that is uploaded all the same. */
export function SoundWarnings({ warnings }: Pick<UploadItem, "warnings">) {
  const words = useContext(WordsContext);
  return warnings.map((finding) => {
    const { title, advice } = describeFinding(finding, words);
    return (
      <p key={finding.code} className="at-row-warning" data-code={finding.code}>
        <FailedIcon />
        <span>
          <span className="at-row-warning-title">{words.say("sentence", { text: title })}</span> {advice}
        </span>
      </p>
    );
  });
}
