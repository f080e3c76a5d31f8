import type { QuotaScope } from "@audiotricks/protocol/messages";
import { memo, useContext } from "react";
import { IconButton } from "./icon-button.tsx";
import { CloseIcon, FailedIcon } from "./icons.tsx";
import { focusEntrance } from "./keep-focus.ts";
import { describeNotice, type QuotaNotice } from "./quota-notices.ts";
import { WordsContext } from "./use-words.ts";

interface QuotaNotesProps {
  notices: readonly QuotaNotice[];
  quotas: readonly QuotaScope[] | null;
  onDismiss: (notice: QuotaNotice) => void;
}

/** That a quota fills up, seen until somebody has read it. It is said by the live region. */
export const QuotaNotes = memo(function QuotaNotes({ notices, quotas, onDismiss }: QuotaNotesProps) {
  const words = useContext(WordsContext);
  return notices.map((notice) => {
    const { scope, id, status } = notice;
    const quota = quotas?.find((each) => each.scope === scope && each.id === id);
    return (
      <div key={scope} className="at-quota-note" data-scope={scope} data-status={status}>
        <FailedIcon />
        <p>{describeNotice(notice, quota, words)}</p>
        <IconButton
          label={words.say(scope === "user" ? "dismissYours" : "dismissWorkspace")}
          onClick={({ currentTarget }) => {
            focusEntrance(currentTarget);
            onDismiss(notice);
          }}
        >
          <CloseIcon />
        </IconButton>
      </div>
    );
  });
});
