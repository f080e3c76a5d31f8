import {
  type CompanionOptions,
  describeError,
  type LocaleOption,
  useUploadLibrary,
} from "@audiotricks/upload-react";
import { useEffect, useId, useRef, useState } from "react";
import type { LibraryFile } from "./describe-file.ts";
import { groupFiles } from "./group-files.ts";
import { LibraryGroupRow } from "./library-group.tsx";
import { LibraryRow } from "./library-row.tsx";

interface LibraryProps extends CompanionOptions {
  workspaceId: string | undefined;
  title: string;
  /** Of what is the package's. */
  locale?: LocaleOption | undefined;
}

/** Everything stored in one space, newest first. */
export function Library({ title, locale, ...options }: LibraryProps) {
  const library = useUploadLibrary(options);
  const headingId = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  // Once a file's row and its dialog are gone, deleted here or elsewhere, the keyboard goes on from the list's heading.
  const focused = useRef<string | null>(null);
  useEffect(() => {
    const isThere = library.files.some(({ id, group }) => [id, group?.id].includes(focused.current ?? ""));
    if (focused.current === null || isThere) return;
    focused.current = null;
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

  const rowOf = (file: LibraryFile) => (
    <LibraryRow
      key={file.id}
      file={file}
      library={library}
      companion={options}
      locale={locale}
      isPlaying={playing === file.id}
      onPlay={(isOn) => setPlaying(isOn ? file.id : null)}
      onFocusInside={(isInside) => {
        focused.current = isInside ? file.id : null;
      }}
    />
  );

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
          {groupFiles(library.files).map((entry) =>
            "file" in entry ? (
              rowOf(entry.file)
            ) : (
              <LibraryGroupRow
                key={entry.group.key}
                group={entry.group}
                library={library}
                onFocusInside={(isInside) => {
                  focused.current = isInside ? entry.group.id : null;
                }}
              >
                {entry.group.files.map(rowOf)}
              </LibraryGroupRow>
            ),
          )}
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
