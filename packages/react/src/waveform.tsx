import type { Peaks } from "@audiotricks/protocol";
import { memo, useMemo } from "react";

/** Bars of a whole file: as many as can be told apart in a row. */
const BARS = 150;
const HEIGHT = 40;

/** How loud a file is from left to right, once as a whole and once as far as it has played; nothing to be heard of it. */
export const WaveformDrawing = memo(function WaveformDrawing(props: {
  peaks: Peaks | null;
  part: number;
  /** 0 to 1. */
  played: number;
}) {
  const { peaks, part, played } = props;
  const path = useMemo(() => (peaks === null ? IDLE : pathOf(peaks, part)), [peaks, part]);
  return (
    <>
      <Layer path={path} className="at-wave" />
      <Layer path={path} className="at-wave at-wave-played" clip={1 - played} />
    </>
  );
});

function Layer({ path, className, clip }: { path: string; className: string; clip?: number }) {
  return (
    <svg
      className={className}
      viewBox={`0 0 ${BARS} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
      focusable="false"
      style={clip === undefined ? undefined : { clipPath: `inset(0 ${100 * clip}% 0 0)` }}
    >
      <path d={path} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}

/** A line, until there is more. */
const IDLE = `M0 ${HEIGHT / 2}H${BARS}`;

/** One line from the lowest to the highest for each bar, no shorter than a dot. */
function pathOf({ values }: Peaks, part: number): string {
  const count = values.length / 2;
  const bars = Math.max(1, Math.round(BARS * part));
  let path = "";
  for (let bar = 0; bar < bars; bar += 1) {
    const from = Math.floor((bar * count) / bars);
    const until = Math.max(from + 1, Math.floor(((bar + 1) * count) / bars));
    let lowest = 0;
    let highest = 0;
    for (let index = from; index < until; index += 1) {
      lowest = Math.min(lowest, values[2 * index] ?? 0);
      highest = Math.max(highest, values[2 * index + 1] ?? 0);
    }
    const y = (value: number) => (HEIGHT / 2) * (1 - value / 128);
    path += `M${bar + 0.5} ${Math.min(y(highest), HEIGHT / 2 - 0.5).toFixed(1)}V${Math.max(y(lowest), HEIGHT / 2 + 0.5).toFixed(1)}`;
  }
  return path;
}
