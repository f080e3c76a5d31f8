import type { UploadSession } from "@audiotricks/protocol/messages";
import { useRef, useState } from "react";
import { Detail } from "./detail.tsx";
import { formatBytes } from "./format-bytes.ts";
import { IconButton } from "./icon-button.tsx";
import { AudioIcon, CloseIcon } from "./icons.tsx";
import { moveFocusOn } from "./keep-focus.ts";
import { notHere } from "./not-here.ts";
import type { UploadItem } from "./uploads-state.ts";
import type { CompanionOptions } from "./use-client.ts";
import { useOpenUploads } from "./use-open-uploads.ts";

interface UnfinishedUploadsProps extends CompanionOptions {
  /** Files of this widget: what is under way here is not unfinished business. */
  files: readonly UploadItem[];
  workspaceId: string | undefined;
}

/** Uploads begun earlier: nothing sent is lost, but the browser may not read a file again that nobody picked again. */
export function UnfinishedUploads({ files, workspaceId, ...options }: UnfinishedUploadsProps) {
  const { uploads, discard } = useOpenUploads(options);
  const shown = notHere(uploads, files).filter((upload) => (upload.workspaceId ?? undefined) === workspaceId);
  if (shown.length === 0) return null;
  return (
    <section className="at-unfinished" aria-label="Unfinished uploads">
      <p className="at-heading">Unfinished</p>
      <p className="at-note">Pick the same file again to continue where it stopped.</p>
      <ul className="at-rows" aria-label="Unfinished uploads">
        {shown.map((upload) => (
          <UnfinishedRow key={upload.sessionId} upload={upload} onDiscard={discard} />
        ))}
      </ul>
    </section>
  );
}

function UnfinishedRow(props: { upload: UploadSession; onDiscard: (sessionId: string) => Promise<void> }) {
  const { upload, onDiscard } = props;
  const row = useRef<HTMLLIElement>(null);
  const [state, setState] = useState<"idle" | "discarding" | "failed">("idle");

  const discard = async () => {
    setState("discarding");
    try {
      await onDiscard(upload.sessionId);
    } catch {
      setState("failed");
    }
  };

  return (
    <li ref={row} className="at-row" aria-label={upload.name} tabIndex={-1} data-status="unfinished">
      <span className="at-row-badge">
        <AudioIcon />
      </span>
      <div className="at-row-body">
        <p className="at-row-name" title={upload.name}>
          <bdi>{upload.name}</bdi>
        </p>
        <p className="at-row-status">
          <span className="at-row-label">{formatBytes(upload.size)}</span>
          <Detail
            className="at-row-detail"
            text={
              state === "failed"
                ? "Could not be discarded; try again"
                : `begun ${dateOf(upload.createdAt)} · kept until ${dateOf(upload.expiresAt)}`
            }
          />
        </p>
      </div>
      <div className="at-row-actions">
        <IconButton
          label={`Discard ${upload.name}`}
          onClick={() => {
            if (state === "discarding") return;
            moveFocusOn(row.current);
            void discard();
          }}
        >
          <CloseIcon />
        </IconButton>
      </div>
    </li>
  );
}

function dateOf(instant: string): string {
  const format = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" } as const;
  return new Date(instant).toLocaleString("en-GB", format);
}
