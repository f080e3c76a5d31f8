import type { UploadLibrary } from "@audiotricks/upload-react";
import { useEffect, useRef, useState } from "react";
import type { LibraryFile } from "./describe-file.ts";

type PlayerState = { status: "loading" } | { status: "failed" } | { status: "ready"; url: string };

interface PlayerProps {
  file: LibraryFile;
  createDownload: UploadLibrary["createDownload"];
}

/** Plays straight from the store, which answers ranges, so that it seeks without loading everything. */
export function Player({ file: { id, name }, createDownload }: PlayerProps) {
  const [state, setState] = useState<PlayerState>({ status: "loading" });
  // A signed URL ends while a long recording plays: a new one takes over at the same second, once for each failure.
  const [attempt, setAttempt] = useState(0);
  const position = useRef(0);

  useEffect(() => {
    let isCurrent = true;
    createDownload(id, "inline").then(
      ({ url }) => isCurrent && setState({ status: "ready", url }),
      () => isCurrent && setState({ status: "failed" }),
    );
    return () => {
      isCurrent = false;
    };
  }, [id, createDownload, attempt]);

  if (state.status === "loading") return <p className="player-note">Opening…</p>;
  if (state.status === "failed") {
    return (
      <p className="player-note" role="alert">
        It cannot be played just now.{" "}
        <button
          type="button"
          className="text-button"
          onClick={() => {
            setState({ status: "loading" });
            setAttempt((count) => count + 1);
          }}
        >
          Try again
        </button>
      </p>
    );
  }
  return (
    // biome-ignore lint/a11y/useMediaCaption: people's own recordings come without captions.
    <audio
      className="player"
      aria-label={name}
      controls
      autoPlay
      preload="metadata"
      src={state.url}
      onLoadedMetadata={(event) => {
        if (position.current > 0) event.currentTarget.currentTime = position.current;
      }}
      onTimeUpdate={(event) => {
        if (event.currentTarget.currentTime > 0) position.current = event.currentTarget.currentTime;
      }}
      onError={() => {
        if (position.current > 0 && attempt < 20) setAttempt((count) => count + 1);
        else setState({ status: "failed" });
      }}
    />
  );
}
