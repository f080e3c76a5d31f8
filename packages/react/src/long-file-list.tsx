import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { type FocusEvent, useCallback, useRef, useState } from "react";
import type { RowActions } from "./row-buttons.tsx";
import { UploadRow } from "./upload-row.tsx";
import type { UploadItem } from "./uploads-state.ts";

/** Height of a row until it has been measured, in pixels. */
const ROW_HEIGHT = 69;
/** Rows beyond the edges: the keyboard goes from one to the next, and scrolling shows no gap. */
const OVERSCAN = 6;

interface LongFileListProps {
  files: readonly UploadItem[];
  actions: RowActions;
}

/**
 * Thousands of files in a box that scrolls, with as many rows as are seen; each says which of how many it is. The row that has
 * the focus stays, wherever the box is scrolled to.
 */
export function LongFileList({ files, actions }: LongFileListProps) {
  const box = useRef<HTMLDivElement>(null);
  const [focusedId, setFocusedId] = useState<string | null>(null);
  const focused = focusedId === null ? -1 : files.findIndex(({ id }) => id === focusedId);
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

  const onFocus = (event: FocusEvent) => {
    const row = event.target.closest("[data-index]");
    const index = Number(row?.getAttribute("data-index") ?? -1);
    setFocusedId(files[index]?.id ?? null);
  };

  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reached by keyboard.
    // biome-ignore lint/a11y/useSemanticElements: it is no part of a form.
    <div ref={box} className="at-rows at-rows-long" role="group" aria-label="All uploads" tabIndex={0}>
      <ul
        aria-label="Uploads"
        style={{ blockSize: rows.getTotalSize() }}
        onFocus={onFocus}
        onBlur={(event) => {
          if (event.relatedTarget !== null) setFocusedId(null);
        }}
      >
        {rows.getVirtualItems().map(({ index, key, start }) => {
          const item = files[index];
          return item === undefined ? null : (
            <UploadRow
              key={key}
              item={item}
              actions={actions}
              index={index}
              of={files.length}
              top={start}
              measure={rows.measureElement}
            />
          );
        })}
      </ul>
    </div>
  );
}
