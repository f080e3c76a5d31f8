import { isAboutOne } from "../database-failures.ts";
import type { Step, Turn } from "./step.ts";

/** Rows of one kind that a sweep brings to an end. */
export interface RowWork {
  id: string;
  /**
   * Up to a batch of them, those that wait longest first; with `isByChance`, any of them: then no number of rows that fail every
   * time keeps the others waiting for ever.
   *
   * @param asked.tried Not these: this sweep has been at them.
   */
  find: (turn: Turn, asked: { tried: readonly string[]; isByChance: boolean }) => Promise<string[]>;
  /** Brings one to its end, if it still is to be. */
  one: (turn: Turn, id: string) => Promise<void>;
  /** Up to a batch in one statement, where there is one: how many it were. */
  batch?: (turn: Turn) => Promise<number>;
  follows?: string;
}

/** A batch a turn. Where a row makes the statement fail that is for all of a batch, the others come one by one. */
export function sweepRows({ id, find, one, batch, ...rest }: RowWork): Step {
  const tried: string[] = [];
  let isByChance = false;
  return {
    id,
    ...rest,
    turn: async (turn) => {
      if (batch !== undefined && !isByChance) {
        try {
          return (await batch(turn)) > 0;
        } catch (error) {
          if (!isAboutOne(error)) throw error;
          isByChance = true;
        }
      }
      const ids = await find(turn, { tried, isByChance });
      const rows = ids.map((row) => ({ id: row }));
      const { begun, errors } = await turn.each(rows, (row) => one(turn, row.id));
      tried.push(...ids.slice(0, begun));
      if (errors.some(isAboutOne)) isByChance = true;
      return ids.length > 0;
    },
  };
}
