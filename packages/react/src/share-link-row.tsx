import type { ShareLink } from "@audiotricks/protocol/messages";
import { useContext } from "react";
import { Detail } from "./detail.tsx";
import { joinFacts } from "./join-facts.ts";
import { WordsContext } from "./use-words.ts";

interface ShareLinkRowProps {
  link: ShareLink;
  isIdle: boolean;
  onEnd: () => void;
}

/** A link is known by when it ends and how often it was followed: what it is itself, nobody can read again. */
export function ShareLinkRow({ link, isIdle, onEnd }: ShareLinkRowProps) {
  const words = useContext(WordsContext);
  const { downloads, maxDownloads, expiresAt } = link;
  const ends = words.say("linkEnds", { date: words.date(expiresAt) });
  const used =
    maxDownloads === null
      ? words.count("linkUsed", downloads)
      : words.count("linkUsedOf", maxDownloads, { used: downloads });
  return (
    <li className="at-share">
      <Detail className="at-share-facts" text={joinFacts([ends, used])} />
      <button
        type="button"
        className="at-button"
        aria-label={words.say("endLinkThat", { ends })}
        aria-disabled={isIdle || undefined}
        onClick={isIdle ? undefined : onEnd}
      >
        {words.say("endLink")}
      </button>
    </li>
  );
}
