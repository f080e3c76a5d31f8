import type { StorageContext } from "../storage-context.ts";

/** Something that is beyond its threshold now. */
export interface Breach {
  /** What it is about: `deployment`, or `provider:<id>`, `workspace:<id>`, `user:<id>`. */
  subject: string;
  /** How far it is, in the unit of the kind; whole. */
  value: number;
  /** One sentence for a person: what is so, and what to do. */
  message: string;
}

/** Most that one look tells of, the worst first: who has more than these has one problem. */
export const MAX_BREACHES = 1_000;

/** Where a kind of alert gets its facts: all that is beyond the threshold now, each subject once, at most `MAX_BREACHES`. Changes nothing. */
export type AlertSource = (
  context: Pick<StorageContext, "db" | "clock">,
  threshold: number,
) => Promise<Breach[]>;
