import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { type FocusEvent, useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";
import type { RowActions } from "./row-buttons.tsx";
import type { UploadActions } from "./upload-actions.ts";
import { UploadRow } from "./upload-row.tsx";
import type { UploadItem } from "./uploads-state.ts";
import { WordsContext } from "./use-words.ts";

/** Above this many files, the list scrolls by itself and has no more rows than are seen: a hundred are 80 ms to make. */
const LONG_LIST = 30;
/** Height of a row until it has been measured, in pixels. */
const ROW_HEIGHT = 69;
/** Rows beyond the edges: the keyboard goes from one to the next, and scrolling shows no gap. */
const OVERSCAN = 6;

/** A box that scrolls has to be reached by keyboard. */
const LONG_BOX = {
  className: "at-rows at-rows-long",
  role: "group",
  tabIndex: 0,
} as const;
/** One that does not, keeps the focus that it had while it did. */
const SHORT_BOX = { className: "at-rows", tabIndex: -1 } as const;

interface FileListProps extends RowActions {
  files: readonly UploadItem[];
  see: UploadActions["see"];
}

/** All files of the widget. */
export function FileList(props: FileListProps) {
  const { files, pause, resume, cancel, retry, dismiss, cover, waveforms, see } = props;
  // The same object while the actions are the same, so that rows of other files do not render.
  const actions = useMemo(
    () => ({ pause, resume, cancel, retry, dismiss, cover, waveforms }),
    [pause, resume, cancel, retry, dismiss, cover, waveforms],
  );
  return files.length === 0 ? null : <Rows files={files} actions={actions} see={see} />;
}

interface RowsProps {
  files: readonly UploadItem[];
  actions: RowActions;
  see: UploadActions["see"];
}

/**
 * Few files are a plain list; thousands are a box that scrolls, with as many rows as are seen, each of which says which of how
 * many it is. The row that has the focus stays, wherever the box is scrolled to. Both are the same elements: when a file more or
 * less makes the one of the other, other elements would be other rows, and the focus lost.
 */
function Rows({ files, actions, see }: RowsProps) {
  const box = useRef<HTMLDivElement>(null);
  const { say } = useContext(WordsContext);
  const [focusedId, setFocusedId] = useState<string | null>(null);
  const isLong = files.length > LONG_LIST;
  const focused = focusedId === null ? -1 : files.findIndex(({ id }) => id === focusedId);
  // Also while the list is short: it knows then how much is seen, and the first long one has its rows at once.
  // oxlint-disable-next-line react/incompatible-library -- nothing here keeps what it returns from one render to the next.
  const rows = useVirtualizer({
    count: files.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: OVERSCAN,
    getItemKey: useCallback((index: number) => files[index]?.id ?? index, [files]),
    rangeExtractor: (range) => {
      const seen = defaultRangeExtractor(range);
      if (focused < 0 || seen.includes(focused)) return seen;
      return [...seen, focused].sort((one, other) => one - other);
    },
  });

  const shown = rows.getVirtualItems();
  const [first, last] = isLong ? [shown[0]?.index ?? 0, shown.at(-1)?.index ?? 0] : [0, files.length - 1];
  // As one text: another list is not other files.
  const inSight = files
    .slice(first, last + 1)
    .map(({ id }) => id)
    .join("\n");
  useEffect(() => see(inSight.split("\n")), [see, inSight]);

  const onFocus = (event: FocusEvent) => {
    const row = event.target.closest("[data-index]");
    const index = Number(row?.getAttribute("data-index") ?? -1);
    setFocusedId(files[index]?.id ?? null);
  };

  return (
    <div ref={box} {...(isLong ? { ...LONG_BOX, "aria-label": say("allUploads") } : SHORT_BOX)}>
      <ul
        aria-label={say("uploads")}
        style={isLong ? { blockSize: rows.getTotalSize() } : undefined}
        onFocus={onFocus}
        onBlur={(event) => {
          if (event.relatedTarget !== null) setFocusedId(null);
        }}
      >
        {isLong
          ? shown.map(({ index, start }) => {
              const item = files[index];
              return item === undefined ? null : (
                <UploadRow
                  key={item.id}
                  item={item}
                  actions={actions}
                  index={index}
                  of={files.length}
                  top={start}
                  measure={rows.measureElement}
                />
              );
            })
          : files.map((item, index) => (
              <UploadRow key={item.id} item={item} actions={actions} index={index} />
            ))}
      </ul>
    </div>
  );
}
