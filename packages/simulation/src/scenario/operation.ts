import fc from "fast-check";
import { AT_PLACES } from "./at-places.ts";

/** What people and machines do, by how often. */
const OFTEN = {
  create: 14,
  store: 9,
  send: 16,
  "send-one": 6,
  complete: 16,
  "complete-many": 4,
  cancel: 4,
  delete: 4,
  get: 3,
  sign: 3,
  sweep: 5,
  recount: 1,
  reconcile: 1,
  "a-while": 2,
  kill: 2,
  stall: 2,
  "jump-clock": 1,
  "store-busy": 1,
  "rotate-key": 1,
  "change-limit": 1,
  "use-url-again": 3,
  "huge-file": 3,
  "born-in-sql": 1,
  "link-history": 2,
  "write-secret": 1,
  "write-null": 1,
  "file-expires": 4,
  derive: 2,
  "change-state": 2,
  "delete-user": 2,
  "delete-workspace": 2,
  deliver: 5,
  "send-group": 3,
  "lower-group": 2,
  "drop-group": 1,
  "look-at-library": 1,
  "ask-for-export": 4,
  "make-exports": 5,
  "look-at-export": 1,
  "cancel-export": 1,
  "receiver-down": 2,
  replay: 1,
  "browser-add": 8,
  "browser-pause": 3,
  "browser-resume": 4,
  "browser-retry": 2,
  "browser-cancel": 2,
  "browser-crash": 3,
  "browser-close": 1,
  "browser-offline": 1,
  "browser-online": 2,
  ...AT_PLACES,
} as const;

export type Deed = keyof typeof OFTEN;

export interface Operation {
  do: Deed;
  /** Milliseconds until the next one; what was begun goes on meanwhile. */
  thenMs: number;
  /** Which of those that there are: upload, server, size. */
  which: number;
  /** Where its luck comes from, so that it has the same without the others. */
  luck: number;
}

export const operation: fc.Arbitrary<Operation> = fc.record({
  do: fc.oneof(
    ...Object.entries(OFTEN).map(([deed, weight]) => ({ weight, arbitrary: fc.constant(deed as Deed) })),
  ),
  thenMs: fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 4, arbitrary: fc.nat({ max: 300 }) },
    { weight: 3, arbitrary: fc.nat({ max: 5_000 }) },
    { weight: 1, arbitrary: fc.nat({ max: 60_000 }) },
  ),
  which: fc.noShrink(fc.nat({ max: 1 << 20 })),
  luck: fc.noShrink(fc.integer()),
});
