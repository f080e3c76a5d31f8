import { formatBytes, type UploadLibrary } from "@audiotricks/upload-react";
import { type ReactNode, useId, useState } from "react";
import { DeleteDialog } from "./delete-dialog.tsx";
import { describeReaders } from "./describe-file.ts";
import type { LibraryGroup } from "./group-files.ts";

interface LibraryGroupRowProps {
  group: LibraryGroup;
  library: UploadLibrary;
  /** The rows of its files. */
  children: ReactNode;
  /** The row may go any moment, and the focus is in it. `false`: not any more. */
  onFocusInside: (isInside: boolean) => void;
}

/** Files that are one thing, in one row: its parts are shown by a button. */
export function LibraryGroupRow({ group, library, children, onFocusInside }: LibraryGroupRowProps) {
  const { id, files, size, isOpen, isTheirs } = group;
  const [isShown, setShown] = useState(false);
  const [isAsking, setAsking] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const partsId = useId();
  const name = group.name === null ? "Stems" : `Stems of ${group.name}`;
  const [first] = files;
  const isAlike = files.every(({ accessLevel }) => accessLevel === first?.accessLevel);
  const readers = first === undefined || !isAlike ? null : describeReaders(first);
  const bytes = files.reduce((total, file) => total + file.size, 0);

  const publish = async () => {
    setBusy(true);
    setProblem(null);
    try {
      await library.publishGroup(id, files.length);
    } catch {
      setProblem("That did not get through, and nothing has changed. Try again.");
    } finally {
      setBusy(false);
    }
  };

  return (
    <li className="file file-group" aria-label={name} data-state={isOpen ? "open" : "waiting"}>
      <div className="file-text">
        <p className="file-name" title={name}>
          <bdi>{name}</bdi>
        </p>
        <p className="file-facts">
          <span className="file-state">
            {isOpen ? `${files.length} files` : `${files.length} of ${size} here, seen by nobody else`}
          </span>
          {readers === null ? null : <span className="file-readers">{readers}</span>}
          <span>{formatBytes(bytes)}</span>
        </p>
      </div>
      <div className="file-actions">
        <button
          type="button"
          className="button"
          aria-label={`${isShown ? "Hide" : "Show"} files of ${name}`}
          aria-expanded={isShown}
          aria-controls={partsId}
          onClick={() => setShown(!isShown)}
        >
          {isShown ? "Hide files" : "Show files"}
        </button>
        {isTheirs && !isOpen ? (
          <button
            type="button"
            className="button"
            aria-label={`Publish these ${files.length} of ${name}`}
            disabled={isBusy}
            onClick={() => void publish()}
          >
            Publish these {files.length}
          </button>
        ) : null}
        {isTheirs ? (
          <button
            type="button"
            className="button button-quiet"
            aria-label={`Delete all of ${name}`}
            onClick={() => setAsking(true)}
          >
            Delete all
          </button>
        ) : null}
      </div>
      {problem === null ? null : (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <div id={partsId} className="file-parts" hidden={!isShown}>
        {isShown ? (
          <ul className="files" aria-label={`Files of ${name}`}>
            {children}
          </ul>
        ) : null}
      </div>
      {isAsking ? (
        <DeleteDialog
          name={name}
          onDelete={() => {
            onFocusInside(true);
            return library.deleteGroup(id);
          }}
          onClose={() => setAsking(false)}
        />
      ) : null}
    </li>
  );
}
