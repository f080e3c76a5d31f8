import type { UploadLibrary } from "@audiotricks/upload-react";
import { useState } from "react";
import { DeleteDialog } from "./delete-dialog.tsx";
import { describeFacts, describeState, type LibraryFile } from "./describe-file.ts";
import { Player } from "./player.tsx";

interface LibraryRowProps {
  file: LibraryFile;
  library: UploadLibrary;
  isPlaying: boolean;
  onPlay: (isOn: boolean) => void;
  /** The row may go any moment, and the focus is in it. */
  onDelete: () => void;
}

export function LibraryRow({ file, library, isPlaying, onPlay, onDelete }: LibraryRowProps) {
  const [isAsking, setAsking] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const { text, isReadable } = describeState(file);

  const download = async () => {
    setProblem(null);
    try {
      const { url } = await library.createDownload(file.id, "attachment");
      // The store answers with an attachment, so the page stays; the URL is never in the document.
      window.location.assign(url);
    } catch {
      setProblem("The download could not be started. Try again.");
    }
  };

  return (
    <li className="file" aria-label={file.name} data-state={file.state}>
      <div className="file-text">
        <p className="file-name" title={file.name}>
          <bdi>{file.name}</bdi>
        </p>
        <p className="file-facts">
          <span className="file-state">{text}</span>
          <span>{describeFacts(file)}</span>
        </p>
      </div>
      <div className="file-actions">
        {isReadable ? (
          <>
            <button
              type="button"
              className="button"
              aria-label={`${isPlaying ? "Close player of" : "Play"} ${file.name}`}
              aria-expanded={isPlaying}
              onClick={() => onPlay(!isPlaying)}
            >
              {isPlaying ? "Close" : "Play"}
            </button>
            <button
              type="button"
              className="button"
              aria-label={`Download ${file.name}`}
              onClick={() => void download()}
            >
              Download
            </button>
          </>
        ) : null}
        <button
          type="button"
          className="button button-quiet"
          aria-label={`Delete ${file.name}`}
          onClick={() => setAsking(true)}
        >
          Delete
        </button>
      </div>
      {isPlaying ? <Player file={file} createDownload={library.createDownload} /> : null}
      {problem === null ? null : (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      {isAsking ? (
        <DeleteDialog
          name={file.name}
          onDelete={() => {
            onDelete();
            return library.deleteFile(file.id);
          }}
          onClose={() => setAsking(false)}
        />
      ) : null}
    </li>
  );
}
