import {
  ArchivedNotice,
  type CompanionOptions,
  canShare,
  type LocaleOption,
  SharingDialog,
  type UploadLibrary,
} from "@audiotricks/upload-react";
import { useState } from "react";
import { DeleteDialog } from "./delete-dialog.tsx";
import { describeFacts, describeReaders, describeState, type LibraryFile } from "./describe-file.ts";
import { Player } from "./player.tsx";

interface LibraryRowProps {
  file: LibraryFile;
  library: UploadLibrary;
  companion: CompanionOptions;
  locale: LocaleOption | undefined;
  isPlaying: boolean;
  onPlay: (isOn: boolean) => void;
  /** The row may go any moment, and the focus is in it. `false`: not any more. */
  onFocusInside: (isInside: boolean) => void;
}

export function LibraryRow(props: LibraryRowProps) {
  const { file, library, companion, locale, isPlaying, onPlay, onFocusInside } = props;
  const [isAsking, setAsking] = useState(false);
  const [isSharing, setSharing] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const { text, isReadable } = describeState(file);
  const readers = describeReaders(file);

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
          {readers === null ? null : <span className="file-readers">{readers}</span>}
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
        {canShare(file) ? (
          <button
            type="button"
            className="button"
            aria-label={`Share ${file.name}`}
            onClick={() => {
              onFocusInside(true);
              setSharing(true);
            }}
          >
            Share
          </button>
        ) : null}
        {file.may?.delete === false ? null : (
          <button
            type="button"
            className="button button-quiet"
            aria-label={`Delete ${file.name}`}
            onClick={() => setAsking(true)}
          >
            Delete
          </button>
        )}
      </div>
      <ArchivedNotice file={file} locale={locale} onRecall={() => library.recallFile(file.id)} />
      {isPlaying ? <Player file={file} library={library} locale={locale} /> : null}
      {problem === null ? null : (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      {isSharing ? (
        <SharingDialog
          {...companion}
          file={file}
          locale={locale}
          onChangeAccess={(level) => library.changeAccess(file.id, level)}
          onClose={() => {
            onFocusInside(false);
            setSharing(false);
          }}
        />
      ) : null}
      {isAsking ? (
        <DeleteDialog
          name={file.name}
          onDelete={() => {
            onFocusInside(true);
            return library.deleteFile(file.id);
          }}
          onClose={() => setAsking(false)}
        />
      ) : null}
    </li>
  );
}
