import { useMemo, useState } from "react";
import { type AskedRange, askedRange, rangeIn } from "./date-range.ts";
import { useLocation } from "./use-location.ts";

/** The range in the address; `now` is when the page was opened, so that figures do not ask all the time. */
export function useRange(): AskedRange {
  const { search } = useLocation();
  const [now] = useState(() => new Date());
  return useMemo(() => askedRange(rangeIn(search), now), [search, now]);
}
