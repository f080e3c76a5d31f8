import { useLayoutEffect, useRef } from "react";
import { shareStyle } from "./share-style.ts";

/** A smaller step, five times a second, looks like moving; as a transition it is a dozen frames for the compositor to put together. */
const SEEN_STEP = 0.04;

interface ProgressBarProps {
  label: string;
  /** Bytes. */
  sent: number;
  total: number;
  valueText?: string;
}

/**
 * Says what `<progress>` says, and draws it itself: a bar that is moved costs a page nothing, while one that grows is laid out
 * and painted, with what is around it, for each step.
 */
export function ProgressBar({ label, sent, total, valueText }: ProgressBarProps) {
  const max = Math.max(1, total);
  const share = sent / max;
  const bar = useRef<HTMLSpanElement>(null);
  const shown = useRef(share);
  useLayoutEffect(() => {
    bar.current?.toggleAttribute("data-step", Math.abs(share - shown.current) > SEEN_STEP);
    shown.current = share;
  }, [share]);
  return (
    <span className="at-progress">
      <progress aria-label={label} aria-valuetext={valueText} max={max} value={sent} />
      <span ref={bar} className="at-progress-done" style={shareStyle(share)} />
    </span>
  );
}
