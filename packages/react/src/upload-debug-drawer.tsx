import type { Uppy } from "@uppy/core";
import { useCallback, useState, useSyncExternalStore } from "react";
import type { Theme } from "./drop-zone.tsx";
import { FlightView } from "./flight-view.tsx";

/** Files shown at once, the newest first: nobody reads more of them. */
const MOST_FILES = 20;

export interface UploadDebugDrawerProps {
  /** As `<AudioUploader onReady>` or `useAudioUploads()` give it. */
  uppy: Uppy | null;
  /** What the closed drawer is called. Default: "Details". */
  label?: string | undefined;
  theme?: Theme | undefined;
}

/** Why an upload is as fast as it is. While it is closed, it reads nothing and renders nothing but its handle. */
export function UploadDebugDrawer({ uppy, label = "Details", theme = "auto" }: UploadDebugDrawerProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details
      className="at-debug"
      data-theme={theme}
      onToggle={(event) => {
        if (event.target === event.currentTarget) setOpen(event.currentTarget.open);
      }}
    >
      <summary>{label}</summary>
      {isOpen && uppy !== null ? <Flights uppy={uppy} /> : null}
    </details>
  );
}

function Flights({ uppy }: { uppy: Uppy }) {
  const subscribe = useCallback(
    (listener: () => void) => {
      uppy.on("files-added", listener);
      uppy.on("file-removed", listener);
      return () => {
        uppy.off("files-added", listener);
        uppy.off("file-removed", listener);
      };
    },
    [uppy],
  );
  const ids = useSyncExternalStore(
    subscribe,
    () => Object.keys(uppy.getState().files).slice(-MOST_FILES).join("\n"),
    () => "",
  );
  if (ids === "") return <p className="at-note">No files yet.</p>;
  return (
    <ul className="at-flights" aria-label="Upload details">
      {ids
        .split("\n")
        .toReversed()
        .map((id) => (
          <FlightView key={id} uppy={uppy} fileId={id} name={uppy.getState().files[id]?.name ?? ""} />
        ))}
    </ul>
  );
}
