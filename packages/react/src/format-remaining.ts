const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/**
 * Remaining time as a person would say it. Coarser the longer it is: an estimate to the second is never true, and jumps.
 *
 * @param remainingMs Milliseconds; `null` where there is no rate to tell it from.
 */
export function formatRemaining(remainingMs: number | null): string | null {
  if (remainingMs === null || !Number.isFinite(remainingMs)) return null;
  if (remainingMs < 10 * SECOND) return "a few seconds left";
  if (remainingMs < 55 * SECOND) return `${Math.ceil(remainingMs / (5 * SECOND)) * 5} seconds left`;
  if (remainingMs < 55 * MINUTE) return `${Math.max(1, Math.round(remainingMs / MINUTE))} min left`;
  if (remainingMs > 48 * HOUR) return `${Math.round(remainingMs / (24 * HOUR))} days left`;
  const minutes = Math.round(remainingMs / (5 * MINUTE)) * 5;
  const rest = minutes % 60;
  return rest === 0 ? `${minutes / 60} h left` : `${Math.floor(minutes / 60)} h ${rest} min left`;
}
