import { type FocusEvent, type RefObject, useEffect, useRef } from "react";

/**
 * Keeps the keyboard's place in a row whose buttons come and go: when the focused one disappears, the row itself takes over.
 *
 * @param buttons Changes whenever other buttons are shown.
 */
export function useKeepFocus(row: RefObject<HTMLElement | null>, buttons: string) {
  const isInside = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when the buttons have changed.
  useEffect(() => {
    const nothingFocused = row.current?.ownerDocument.activeElement === row.current?.ownerDocument.body;
    if (isInside.current && nothingFocused) row.current?.focus({ preventScroll: true });
  }, [row, buttons]);
  return {
    onFocus: () => {
      isInside.current = true;
    },
    // Without a new element the focus was lost, not moved: some browsers say so when a button is removed.
    onBlur: (event: FocusEvent) => {
      if (event.relatedTarget !== null) isInside.current = false;
    },
  };
}

/** Before a list leaves with the focus in it: on to the way to add files. */
export function focusEntrance(list: HTMLElement | null): void {
  const entrance = list?.closest(".at-uploader")?.querySelector(".uppy-Dashboard-browse");
  if (entrance instanceof HTMLElement) entrance.focus();
}

/** Before a row leaves its list with the focus in it: on to the next row, the previous one, or the way to add files. */
export function moveFocusOn(row: HTMLElement | null): void {
  const root = row?.closest(".at-uploader");
  const next =
    row?.nextElementSibling ?? row?.previousElementSibling ?? root?.querySelector(".uppy-Dashboard-browse");
  if (next instanceof HTMLElement) next.focus();
}
