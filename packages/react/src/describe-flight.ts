import type { FlightCause, FlightEvent, FlightPhase, SlowReason } from "@audiotricks/uppy-spaces";
import { formatBytes } from "./format-bytes.ts";
import { joinFacts } from "./join-facts.ts";
import { ENGLISH, type Words } from "./words.ts";

export function describePhase(phase: FlightPhase, words: Words): string {
  return words.of.phases[phase];
}

export function describeSlowness(reason: SlowReason | null, words: Words): string {
  return reason === null ? words.say("tooShortToTell") : words.of.slowness[reason];
}

export function describeCause(cause: FlightCause, words: Words = ENGLISH): string {
  switch (cause) {
    case "network":
      return words.say("causeNetwork");
    case "stalled":
      return words.say("causeStalled");
    case "companion":
      return words.say("causeCompanion");
    case "http-403":
      return words.say("causeExpired");
    case "http-429":
    case "http-503":
      return words.say("causeBusy");
    default:
      return words.say("causeRefused", { status: cause.slice("http-".length) });
  }
}

/** One event in a line: `"1.4 s · Stored · part 3 · 5 MB in 820 ms"`. */
export function describeEvent(
  { atMs, kind, part, ms, bytes, lanes, cause }: FlightEvent,
  words: Words = ENGLISH,
): string {
  return joinFacts([
    formatMs(atMs, words),
    words.of.events[kind],
    part === undefined ? null : words.say("part", { number: part }),
    bytes === undefined ? null : formatBytes(bytes, words),
    ms === undefined
      ? null
      : words.say(kind === "waiting" ? "forTime" : "afterTime", { time: formatMs(ms, words) }),
    lanes === undefined ? null : words.number(lanes),
    cause === undefined ? null : describeCause(cause, words),
  ]);
}

/** Milliseconds as people read them: `"820 ms"`, `"4.5 s"`, `"3 min 5 s"`. */
export function formatMs(ms: number, words: Words = ENGLISH): string {
  if (ms < 1000) return words.say("milliseconds", { number: Math.round(ms) });
  if (ms < 60_000) return words.say("seconds", { number: words.number(ms / 1000, 1) });
  const seconds = Math.round(ms / 1000);
  return words.say("minutesSeconds", { minutes: Math.floor(seconds / 60), seconds: seconds % 60 });
}
