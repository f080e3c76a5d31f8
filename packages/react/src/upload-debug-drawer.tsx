import type { Uppy } from "@uppy/core";
import { useCallback, useContext, useState, useSyncExternalStore } from "react";
import type { Theme } from "./drop-zone.tsx";
import { FlightView } from "./flight-view.tsx";
import { type LocaleOption, useWords, WordsContext } from "./use-words.ts";

/** Files shown at once, the newest first: nobody reads more of them. */
const MOST_FILES = 20;

export interface UploadDebugDrawerProps {
  /** As `<AudioUploader onReady>` or `useAudioUploads()` give it. */
  uppy: Uppy | null;
  /** What the closed drawer is called. Default: "Details", in the language. */
  label?: string | undefined;
  /** As of `<AudioUploader>`. */
  locale?: LocaleOption | undefined;
  /** `"auto"` follows the system. */
  theme?: Theme | undefined;
}

/** Why an upload is as fast as it is. While it is closed, it reads nothing and renders nothing but its handle. */
export function UploadDebugDrawer({ uppy, label, locale, theme = "auto" }: UploadDebugDrawerProps) {
  const [isOpen, setOpen] = useState(false);
  const words = useWords(locale);
  if (words === null) return null;
  return (
    <details
      className="at-debug"
      data-theme={theme}
      lang={words.tag}
      dir={words.dir}
      onToggle={(event) => {
        if (event.target === event.currentTarget) setOpen(event.currentTarget.open);
      }}
    >
      <summary>{label ?? words.say("details")}</summary>
      <WordsContext.Provider value={words}>
        {isOpen && uppy !== null ? <Flights uppy={uppy} /> : null}
      </WordsContext.Provider>
    </details>
  );
}

function Flights({ uppy }: { uppy: Uppy }) {
  const { say } = useContext(WordsContext);
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
  if (ids === "") return <p className="at-note">{say("noFilesYet")}</p>;
  return (
    <ul className="at-flights" aria-label={say("uploadDetails")}>
      {ids
        .split("\n")
        .toReversed()
        .map((id) => (
          <FlightView key={id} uppy={uppy} fileId={id} name={uppy.getState().files[id]?.name ?? ""} />
        ))}
    </ul>
  );
}
