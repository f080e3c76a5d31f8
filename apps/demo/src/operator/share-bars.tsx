interface ShareBarsProps {
  bars: readonly { key: string; name: string; percent: number; text: string; isFull: boolean }[];
  label: string;
}

/** How full each is, of 100 %; what is over that is full. */
export function ShareBars({ bars, label }: ShareBarsProps) {
  return (
    <ul className="share-bars" aria-label={label}>
      {bars.map(({ key, name, percent, text, isFull }) => (
        <li key={key}>
          <span>{name}</span>
          <svg width="100%" height="10" aria-hidden="true" className={isFull ? "series-1" : "series-0"}>
            <rect className="share-all" width="100%" height="10" rx="5" />
            <rect
              className="chart-bar"
              width={`${Math.min(Math.max(percent, 0), 100)}%`}
              height="10"
              rx="5"
            />
          </svg>
          <span className="number">{text}</span>
        </li>
      ))}
    </ul>
  );
}
