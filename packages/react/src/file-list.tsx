import { useMemo } from "react";
import { LongFileList } from "./long-file-list.tsx";
import type { RowActions } from "./row-buttons.tsx";
import { UploadRow } from "./upload-row.tsx";
import type { UploadItem } from "./uploads-state.ts";

/** Above this many files, the list scrolls by itself and has no more rows than are seen: a hundred are 80 ms to make. */
const LONG_LIST = 30;

/** All files of the widget. */
export function FileList(props: RowActions & { files: readonly UploadItem[] }) {
  const { files, pause, resume, cancel, retry, dismiss } = props;
  // The same object while the actions are the same, so that rows of other files do not render.
  const actions = useMemo(
    () => ({ pause, resume, cancel, retry, dismiss }),
    [pause, resume, cancel, retry, dismiss],
  );
  if (files.length === 0) return null;
  if (files.length > LONG_LIST) return <LongFileList files={files} actions={actions} />;
  return (
    <ul className="at-rows" aria-label="Uploads">
      {files.map((item) => (
        <UploadRow key={item.id} item={item} actions={actions} />
      ))}
    </ul>
  );
}
