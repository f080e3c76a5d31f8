import type { UploadSession } from "@audiotricks/protocol/messages";
import { findSessionsInUse } from "@audiotricks/uppy-spaces";
import { useContext, useRef, useState } from "react";
import { Detail } from "./detail.tsx";
import { formatBytes } from "./format-bytes.ts";
import { IconButton } from "./icon-button.tsx";
import { AudioIcon, CloseIcon, ResumeIcon } from "./icons.tsx";
import { joinFacts } from "./join-facts.ts";
import { focusEntrance, moveFocusOn, useKeepFocus } from "./keep-focus.ts";
import type { Continuable } from "./kept-uploads.ts";
import { NotBegunRow } from "./not-begun-row.tsx";
import { notHere } from "./not-here.ts";
import type { UploadItem } from "./uploads-state.ts";
import type { CompanionOptions } from "./use-client.ts";
import { useOpenUploads } from "./use-open-uploads.ts";
import { useSessionsInUse } from "./use-sessions-in-use.ts";
import { WordsContext } from "./use-words.ts";
import type { NotBegun } from "./waiting-files.ts";
import type { Words } from "./words.ts";

interface UnfinishedUploadsProps extends CompanionOptions {
  /** Files of this widget: what is under way here is not unfinished business. */
  files: readonly UploadItem[];
  workspaceId: string | undefined;
  /** Those whose files need not be picked again. */
  continuable: ReadonlyMap<string, Continuable>;
  onContinue: (sessionIds: readonly string[]) => void;
  notBegun: readonly NotBegun[];
  onBeginWaiting: () => void;
  onDismissWaiting: () => void;
}

/**
 * Uploads begun earlier: nothing sent is lost, but not every browser reads a file again that nobody picked again, and none without being
 * asked.
 */
export function UnfinishedUploads(props: UnfinishedUploadsProps) {
  const { files, workspaceId, continuable, onContinue, ...others } = props;
  const { notBegun, onBeginWaiting, onDismissWaiting, ...options } = others;
  const { uploads, discard } = useOpenUploads(options);
  const section = useRef<HTMLElement>(null);
  const words = useContext(WordsContext);
  const { say } = words;
  const shown = notHere(uploads, files).filter((upload) => (upload.workspaceId ?? undefined) === workspaceId);
  const inUse = useSessionsInUse(shown.length > 0);
  if (shown.length === 0 && notBegun.length === 0) return null;
  const placeOf = ({ sessionId }: UploadSession): Place =>
    inUse === null ? "unknown" : inUse.has(sessionId) ? "elsewhere" : "nowhere";
  const free = shown.filter((upload) => placeOf(upload) === "nowhere");
  const ready = free.flatMap(({ sessionId }) => (canContinue(continuable.get(sessionId)) ? [sessionId] : []));
  const readable = notBegun.filter(({ canRead }) => canRead).length;
  const count = ready.length + readable;
  return (
    <section ref={section} className="at-unfinished" aria-label={say("unfinishedUploads")}>
      <p className="at-heading">{say("unfinished")}</p>
      {ready.length < free.length ? <p className="at-note">{say("pickAgain")}</p> : null}
      {count > 0 ? (
        <button
          type="button"
          className="at-button"
          onClick={() => {
            if (count === shown.length + notBegun.length) focusEntrance(section.current);
            if (ready.length > 0) onContinue(ready);
            if (readable > 0) onBeginWaiting();
          }}
        >
          {count === 1 ? say("continueOne") : words.count("continueUploads", count)}
        </button>
      ) : null}
      <ul className="at-rows" aria-label={say("unfinishedUploads")}>
        {shown.map((upload) => (
          <UnfinishedRow
            key={upload.sessionId}
            upload={upload}
            place={placeOf(upload)}
            continuable={continuable.get(upload.sessionId)}
            onContinue={onContinue}
            onDiscard={discard}
          />
        ))}
        {notBegun.length === 0 ? null : <NotBegunRow files={notBegun} onDismiss={onDismissWaiting} />}
      </ul>
    </section>
  );
}

/** Who works on an upload: another tab of this browser, or none that is known of. */
type Place = "unknown" | "elsewhere" | "nowhere";

interface UnfinishedRowProps {
  upload: UploadSession;
  place: Place;
  continuable: Continuable | undefined;
  onContinue: (sessionIds: readonly string[]) => void;
  onDiscard: (sessionId: string) => Promise<void>;
}

function UnfinishedRow(props: UnfinishedRowProps) {
  const { upload, place, continuable, onContinue, onDiscard } = props;
  const row = useRef<HTMLLIElement>(null);
  const words = useContext(WordsContext);
  const { say } = words;
  const [state, setState] = useState<"idle" | "discarding" | "failed">("idle");

  const discard = async () => {
    setState("discarding");
    try {
      // Since it was looked, another tab may have begun to send it.
      if ((await findSessionsInUse()).has(upload.sessionId)) return setState("idle");
      await onDiscard(upload.sessionId);
    } catch {
      setState("failed");
    }
  };

  return (
    <li
      ref={row}
      className="at-row"
      aria-label={upload.name}
      tabIndex={-1}
      data-status="unfinished"
      data-reason={place === "elsewhere" ? place : undefined}
      {...useKeepFocus(row, place)}
    >
      <span className="at-row-badge">
        <AudioIcon />
      </span>
      <div className="at-row-body">
        <p className="at-row-name" title={upload.name}>
          <bdi>{upload.name}</bdi>
        </p>
        <p className="at-row-status" aria-live="polite">
          <span className="at-row-label">{formatBytes(upload.size, words)}</span>
          <Detail
            className="at-row-detail"
            text={
              state === "failed"
                ? say("notDiscarded")
                : (obstacleOf(place, continuable, words) ??
                  joinFacts([
                    say("begun", { date: words.date(upload.createdAt) }),
                    say("keptUntil", { date: words.date(upload.expiresAt) }),
                  ]))
            }
          />
        </p>
      </div>
      <div className="at-row-actions">
        {place === "nowhere" && canContinue(continuable) ? (
          <IconButton
            label={say("continueFile", { name: upload.name })}
            onClick={() => {
              moveFocusOn(row.current);
              onContinue([upload.sessionId]);
            }}
          >
            <ResumeIcon />
          </IconButton>
        ) : null}
        {place === "nowhere" ? (
          <IconButton
            label={say("discard", { name: upload.name })}
            onClick={() => {
              if (state === "discarding") return;
              moveFocusOn(row.current);
              void discard();
            }}
          >
            <CloseIcon />
          </IconButton>
        ) : null}
      </div>
    </li>
  );
}

/** One that was refused can be asked for again. */
function canContinue(continuable: Continuable | undefined): boolean {
  return continuable === "ready" || continuable === "refused";
}

function obstacleOf(place: Place, continuable: Continuable | undefined, { say }: Words): string | null {
  if (place === "elsewhere") return say("openElsewhere");
  switch (continuable) {
    case undefined:
    case "ready":
      return null;
    case "refused":
      return say("notAllowedToRead");
    case "gone":
      return say("fileGone");
    case "changed":
      return say("fileChanged");
  }
}
