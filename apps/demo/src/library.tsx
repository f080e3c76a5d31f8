import { type CompanionOptions, describeError, useUploadLibrary } from "@audiotricks/upload-react";
import { useEffect, useId, useRef, useState } from "react";
import { LibraryRow } from "./library-row.tsx";

interface LibraryProps extends CompanionOptions {
  workspaceId: string | undefined;
  title: string;
}

/** Everything stored in one space, newest first. */
export function Library({ title, ...options }: LibraryProps) {
  const library = useUploadLibrary(options);
  const headingId = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  // Once a deleted file's row and dialog are gone, the keyboard goes on from the list's heading.
  const lastDeleted = useRef<string | null>(null);
  useEffect(() => {
    if (lastDeleted.current === null || library.files.some(({ id }) => id === lastDeleted.current)) return;
    lastDeleted.current = null;
    heading.current?.focus();
  }, [library.files]);
  // One at a time: two recordings over each other help nobody.
  const [playing, setPlaying] = useState<string | null>(null);
  const [isLoadingMore, setLoadingMore] = useState(false);

  const loadMore = async () => {
    setLoadingMore(true);
    try {
      await library.loadMore();
    } catch {
      library.refresh();
    } finally {
      setLoadingMore(false);
    }
  };

  return (
    <section
      className="library"
      lang="en"
      aria-labelledby={headingId}
      aria-busy={library.status === "loading"}
    >
      <h2 id={headingId} ref={heading} tabIndex={-1}>
        {title}
      </h2>
      {library.status === "loading" ? <p className="placeholder">Reading the list…</p> : null}
      {library.status === "failed" && library.error !== null ? (
        <div className="placeholder" role="alert">
          <p>The list cannot be read. {describeError(library.error).title}.</p>
          <button type="button" className="button" onClick={library.refresh}>
            Try again
          </button>
        </div>
      ) : null}
      {library.status === "ready" && library.files.length === 0 ? (
        <p className="placeholder">Nothing here yet. What you upload appears in this list.</p>
      ) : null}
      {library.files.length === 0 ? null : (
        <ul className="files" aria-labelledby={headingId}>
          {library.files.map((file) => (
            <LibraryRow
              key={file.id}
              file={file}
              library={library}
              isPlaying={playing === file.id}
              onPlay={(isOn) => setPlaying(isOn ? file.id : null)}
              onDelete={() => {
                lastDeleted.current = file.id;
              }}
            />
          ))}
        </ul>
      )}
      {library.hasMore ? (
        <button type="button" className="button" disabled={isLoadingMore} onClick={() => void loadMore()}>
          {isLoadingMore ? "Reading…" : "Show more"}
        </button>
      ) : null}
    </section>
  );
}
