import { answers } from "./answers.ts";
import { counters } from "./counters.ts";
import { events } from "./events.ts";
import { exports } from "./exports.ts";
import { groups } from "./groups.ts";
import { liveSessions } from "./live-sessions.ts";
import { moves } from "./moves.ts";
import { owners } from "./owners.ts";
import { plans } from "./plans.ts";
import { promisedBytes } from "./promised-bytes.ts";
import { states } from "./states.ts";
import type { Invariant } from "./truth.ts";

/** Held after every commit. */
export const AT_EVERY_COMMIT: readonly Invariant[] = [
  promisedBytes,
  counters,
  states,
  answers,
  liveSessions,
  plans,
  owners,
  events,
  moves,
  exports,
  groups,
  ({ now }) => (now.plainSecrets > 0 ? ["15: a secret is kept as plain text"] : []),
  ({ now }) => (now.undecidedProviders > 0 ? ["8: a provider is neither primary nor not"] : []),
  ({ buckets }) => buckets.all.flatMap(({ store }) => store.wrongs.map((wrong) => `7: ${wrong}`)),
];
