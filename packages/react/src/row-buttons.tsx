import { memo, useContext } from "react";
import { IconButton } from "./icon-button.tsx";
import { CloseIcon, PauseIcon, ResumeIcon, RetryIcon } from "./icons.tsx";
import type { UploadActions } from "./upload-actions.ts";
import type { UploadItem } from "./uploads-state.ts";
import { WordsContext } from "./use-words.ts";

export type RowActions = Pick<
  UploadActions,
  "pause" | "resume" | "cancel" | "retry" | "dismiss" | "cover" | "waveforms"
>;

interface RowButtonsProps {
  id: string;
  name: string;
  status: UploadItem["status"]["status"];
  canRetry: boolean;
  actions: RowActions;
  /** Called where the row is about to go, and the focus with it. */
  beforeLeaving: () => void;
}

/**
 * What can be done to one file; the same while it moves. By key: else React would turn the button that pauses into the one that removes
 * where an upload ends, under the finger of whoever presses it.
 */
export const RowButtons = memo(function RowButtons(props: RowButtonsProps) {
  const { id, name, status, canRetry, actions, beforeLeaving } = props;
  const { say } = useContext(WordsContext);
  const leave = (action: (id: string) => void) => () => {
    beforeLeaving();
    action(id);
  };
  switch (status) {
    case "queued":
    case "creating":
    case "checking":
    case "uploading":
    case "waiting":
    case "paused": {
      const isPaused = status === "paused";
      return (
        <>
          <IconButton
            key="pause"
            label={say(isPaused ? "resume" : "pause", { name })}
            onClick={() => (isPaused ? actions.resume(id) : actions.pause(id))}
          >
            {isPaused ? <ResumeIcon /> : <PauseIcon />}
          </IconButton>
          <IconButton key="cancel" label={say("cancelFile", { name })} onClick={leave(actions.cancel)}>
            <CloseIcon />
          </IconButton>
        </>
      );
    }
    case "failed":
      return (
        <>
          {canRetry ? (
            <IconButton key="retry" label={say("retry", { name })} onClick={() => actions.retry(id)}>
              <RetryIcon />
            </IconButton>
          ) : null}
          <IconButton key="remove" label={say("removeFromList", { name })} onClick={leave(actions.dismiss)}>
            <CloseIcon />
          </IconButton>
        </>
      );
    case "done":
    case "cancelled":
      return (
        <IconButton key="remove" label={say("removeFromList", { name })} onClick={leave(actions.dismiss)}>
          <CloseIcon />
        </IconButton>
      );
    case "finalizing":
      return null;
  }
});
