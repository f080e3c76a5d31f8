import { shareStyle } from "./share-style.ts";

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
  return (
    <span className="at-progress">
      <progress aria-label={label} aria-valuetext={valueText} max={max} value={sent} />
      <span className="at-progress-done" style={shareStyle(sent / max)} />
    </span>
  );
}
