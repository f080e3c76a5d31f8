import { type RefObject, useContext, useLayoutEffect, useRef } from "react";
import { describeMark } from "./describe-choice.ts";
import type { Room } from "./fit-in-order.ts";
import { formatBytes } from "./format-bytes.ts";
import { IconButton } from "./icon-button.tsx";
import { AudioIcon, CloseIcon, DownIcon, FailedIcon, UpIcon } from "./icons.tsx";
import { moveFocusOn } from "./keep-focus.ts";
import type { ChoiceFile } from "./upload-choice.ts";
import { WordsContext } from "./use-words.ts";

interface ChoiceRowProps {
  file: ChoiceFile;
  rooms: readonly Room[];
  index: number;
  /** Of all files to choose from. */
  count: number;
  onMove: (id: string, index: number) => void;
  onLeaveOut: (id: string) => void;
  /** The file whose row is being dragged. */
  draggedRef: RefObject<string | null>;
}

/** A file to choose: moved by its buttons, or by dragging the row. */
export function ChoiceRow({ file, rooms, index, count, onMove, onLeaveOut, draggedRef }: ChoiceRowProps) {
  const { id, name, size, fits } = file;
  const words = useContext(WordsContext);
  const row = useRef<HTMLLIElement>(null);
  const pressed = useRef<HTMLButtonElement>(null);
  // A row that is put elsewhere in the document loses the focus.
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when the row has moved.
  useLayoutEffect(() => {
    pressed.current?.focus();
    pressed.current = null;
  }, [index]);
  const moveBy = (step: number) => (event: { currentTarget: HTMLButtonElement }) => {
    pressed.current = event.currentTarget;
    onMove(id, index + step);
  };

  return (
    <li
      ref={row}
      className="at-row"
      aria-label={name}
      tabIndex={-1}
      data-status={fits ? "fits" : "over"}
      data-tone={fits ? "good" : "warn"}
      draggable={count > 1}
      onDragStart={({ dataTransfer }) => {
        draggedRef.current = id;
        dataTransfer.effectAllowed = "move";
        // Without any data, Firefox does not drag.
        dataTransfer.setData("application/x-audiotricks-row", id);
      }}
      onDragEnter={() => {
        if (draggedRef.current !== null && draggedRef.current !== id) onMove(draggedRef.current, index);
      }}
      onDragOver={(event) => {
        if (draggedRef.current !== null) event.preventDefault();
      }}
      onDrop={(event) => {
        if (draggedRef.current !== null) event.preventDefault();
      }}
      onDragEnd={() => {
        draggedRef.current = null;
      }}
    >
      <span className="at-row-badge">{fits ? <AudioIcon /> : <FailedIcon />}</span>
      <div className="at-row-body">
        <p className="at-row-name" title={name}>
          <bdi>{name}</bdi>
        </p>
        <p className="at-row-status">
          <span className="at-row-label">{describeMark(file, rooms, words)}</span>
          <span className="at-row-detail">{formatBytes(size, words)}</span>
        </p>
      </div>
      <div className="at-row-actions">
        {count > 1 ? (
          <>
            <IconButton label={words.say("moveUp", { name })} isIdle={index === 0} onClick={moveBy(-1)}>
              <UpIcon />
            </IconButton>
            <IconButton
              label={words.say("moveDown", { name })}
              isIdle={index === count - 1}
              onClick={moveBy(1)}
            >
              <DownIcon />
            </IconButton>
          </>
        ) : null}
        <IconButton
          label={words.say("leaveOut", { name })}
          onClick={() => {
            moveFocusOn(row.current);
            onLeaveOut(id);
          }}
        >
          <CloseIcon />
        </IconButton>
      </div>
    </li>
  );
}
