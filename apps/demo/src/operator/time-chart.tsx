import { scaleLinear, scaleUtc } from "@visx/scale";
import { Bar, LinePath } from "@visx/shape";
import { MAX_SERIES, type Point, type Series, summaryOf } from "./series.ts";
import { durationTicks, timeTick, withRoom } from "./ticks.ts";
import { useWidth } from "./use-width.ts";

interface TimeChartProps {
  /** `bars`: series are parts of one whole, on top of one another. */
  kind: "lines" | "bars";
  series: readonly Series[];
  format: (value: number) => string;
  /** Values are milliseconds, which are counted in other steps. */
  isDuration?: boolean;
}

const DAY_MS = 86_400_000;
const HEIGHT = 220;
/** Pixels that the name of a time has. */
const TICK_ROOM = 64;
const EDGE = { top: 12, right: 8, bottom: 28, left: 68 };

/** Values over time. What colours say, dashes and the legend say as well; all numbers are in the table behind it. */
export function TimeChart({ kind, series: all, format, isDuration = false }: TimeChartProps) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const series = all.slice(0, MAX_SERIES);
  const times = [...new Set(series.flatMap(({ points }) => points.map(({ at }) => at.getTime())))].sort(
    (a, b) => a - b,
  );
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  const step = gaps.length === 0 ? DAY_MS : Math.min(...gaps);
  const tops =
    kind === "lines" ? series.flatMap(({ points }) => points.map(({ value }) => value)) : totals(series);
  const x = scaleUtc({
    domain: kind === "bars" || first === last ? [first, last + step] : [first, last],
    range: [EDGE.left, Math.max(width - EDGE.right, EDGE.left + 1)],
  });
  const highest = Math.max(...tops, 0) || 1;
  const steps = isDuration ? durationTicks(highest) : undefined;
  const y = scaleLinear({
    domain: [0, steps?.at(-1) ?? highest],
    range: [HEIGHT - EDGE.bottom, EDGE.top],
    nice: steps === undefined ? 4 : false,
  });
  const named = withRoom(x.ticks(width < 480 ? 3 : 6), (tick) => x(tick), TICK_ROOM);
  return (
    <div ref={ref} className="chart">
      <svg width={width} height={HEIGHT} role="img" aria-label={summaryOf(series, format)}>
        {(steps ?? y.ticks(4)).map((tick) => (
          <g key={tick} className="chart-grid">
            <line x1={EDGE.left} x2={width - EDGE.right} y1={y(tick)} y2={y(tick)} />
            <text x={EDGE.left - 8} y={y(tick)} dy="0.32em" textAnchor="end">
              {format(tick)}
            </text>
          </g>
        ))}
        {named.map((tick) => (
          <text
            key={tick.getTime()}
            x={x(tick)}
            y={HEIGHT - 8}
            textAnchor={x(tick) > width - TICK_ROOM / 2 ? "end" : "middle"}
          >
            {timeTick(tick, step)}
          </text>
        ))}
        {kind === "lines"
          ? series.map(({ name, points }, index) => (
              <g key={name} className={`series-${index}`}>
                <LinePath<Point>
                  data={[...points]}
                  x={({ at }) => x(at)}
                  y={({ value }) => y(value)}
                  className="chart-line"
                />
                {points.length === 1 && points[0] !== undefined ? (
                  <circle className="chart-dot" cx={x(points[0].at)} cy={y(points[0].value)} r="3" />
                ) : null}
              </g>
            ))
          : bars(series).map(({ key, index, at, from, to }) => (
              <g key={key} className={`series-${index}`}>
                <Bar
                  className="chart-bar"
                  x={x(at) + 1}
                  y={y(to)}
                  width={Math.max(x(at + step) - x(at) - 2, 1)}
                  height={Math.max(y(from) - y(to), 0)}
                />
              </g>
            ))}
      </svg>
      <ul className="chart-legend" aria-hidden="true">
        {series.map(({ name }, index) => (
          <li key={name} className={`series-${index}`}>
            <svg width="24" height="8" aria-hidden="true">
              <line className="chart-line" x1="0" x2="24" y1="4" y2="4" />
            </svg>
            {name}
          </li>
        ))}
        {all.length > MAX_SERIES ? <li>{all.length - MAX_SERIES} more in the table</li> : null}
      </ul>
    </div>
  );
}

/** Each value on top of those of the series before it at that time. */
function bars(series: readonly Series[]) {
  const tops = new Map<number, number>();
  return series.flatMap(({ name, points }, index) =>
    points.map(({ at, value }) => {
      const time = at.getTime();
      const from = tops.get(time) ?? 0;
      tops.set(time, from + value);
      return { key: `${name} ${time}`, index, at: time, from, to: from + value };
    }),
  );
}

function totals(series: readonly Series[]): number[] {
  return bars(series).map(({ to }) => to);
}
