import { useState } from "react";
import { lastDays, rangeIn, shownRange } from "./date-range.ts";
import { withQuery } from "./operator-route.ts";
import { PageLink } from "./page-link.tsx";
import { navigate, useLocation } from "./use-location.ts";
import { useRange } from "./use-range.ts";

const PRESETS = [
  [1, "Today"],
  [7, "7 days"],
  [30, "30 days"],
  [90, "90 days"],
] as const;

/** First and last day of what is shown; they are in the address. */
export function RangePicker() {
  const { pathname, search } = useLocation();
  const asked = useRange();
  const [today] = useState(() => new Date());
  const range = shownRange(rangeIn(search), today);
  const change = (name: "from" | "to", value: string) =>
    navigate(pathname + withQuery(search, { [name]: value }));
  return (
    <fieldset className="range">
      <legend className="only-heard">Days, in UTC</legend>
      {(["from", "to"] as const).map((name) => (
        <label key={name} className="filter">
          {name === "from" ? "From" : "To"}
          <input type="date" value={range[name]} onChange={({ target }) => change(name, target.value)} />
        </label>
      ))}
      <span className="presets">
        {PRESETS.map(([days, name]) => {
          const preset = lastDays(days, today);
          const isShown = preset.from === range.from && preset.to === range.to;
          return (
            <PageLink key={days} to={pathname + withQuery(search, preset)} isCurrent={isShown && "true"}>
              {name}
            </PageLink>
          );
        })}
      </span>
      {asked.ok ? null : (
        <p className="problem" role="alert">
          {asked.problem}
        </p>
      )}
    </fieldset>
  );
}
