/** What is known of one bucket, as its row has it. Times are milliseconds of one clock. */
export interface Health {
  state: "up" | "down";
  /** Answers in a row that speak against the state, and the time of the first of them. */
  against: number;
  againstSince: number | undefined;
}

/** How it answered when it was looked at. */
export type Look = { isFine: true } | { isFine: false; cause: string };

/** A single answer lost on the way says nothing; three in a row, over this long, do. */
export const FAILURES_UNTIL_DOWN = 3;
export const DOWN_AFTER_MS = 20_000;
/** One that comes back may stagger: uploads go elsewhere until it has answered twice. */
export const ANSWERS_UNTIL_UP = 2;

/** The health after one more look. */
export function nextHealth(health: Health, look: Look, at: number): Health {
  const isAgainst = look.isFine === (health.state === "down");
  if (!isAgainst) return { state: health.state, against: 0, againstSince: undefined };
  const against = health.against + 1;
  // A clock that went back must not keep a bucket up, or down, for ever.
  const since = Math.min(health.againstSince ?? at, at);
  const isEnough =
    health.state === "down"
      ? against >= ANSWERS_UNTIL_UP
      : against >= FAILURES_UNTIL_DOWN && at - since >= DOWN_AFTER_MS;
  if (!isEnough) return { state: health.state, against, againstSince: since };
  return { state: look.isFine ? "up" : "down", against: 0, againstSince: undefined };
}
