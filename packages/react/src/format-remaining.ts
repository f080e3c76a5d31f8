import { ENGLISH, type Words } from "./words.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/**
 * Remaining time as a person would say it. Coarser the longer it is: an estimate to the second is never true, and jumps.
 *
 * @param remainingMs Milliseconds; `null` where there is no rate to tell it from.
 */
export function formatRemaining(remainingMs: number | null, words: Words = ENGLISH): string | null {
  if (remainingMs === null || !Number.isFinite(remainingMs)) return null;
  if (remainingMs < 10 * SECOND) return words.say("fewSecondsLeft");
  if (remainingMs < 55 * SECOND) return words.count("secondsLeft", Math.ceil(remainingMs / (5 * SECOND)) * 5);
  if (remainingMs < 55 * MINUTE) {
    return words.say("minutesLeft", { minutes: Math.max(1, Math.round(remainingMs / MINUTE)) });
  }
  if (remainingMs > 48 * HOUR) return words.count("daysLeft", Math.round(remainingMs / (24 * HOUR)));
  const minutes = Math.round(remainingMs / (5 * MINUTE)) * 5;
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return rest === 0
    ? words.say("hoursLeft", { hours })
    : words.say("hoursMinutesLeft", { hours, minutes: rest });
}
