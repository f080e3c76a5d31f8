import type { SweepReport } from "../storage.ts";
import type { StorageContext } from "../storage-context.ts";

/** One kind of work. */
export interface Step {
  /** Under which a failure of the whole step is reported. */
  id: string;
  /**
   * Does a bounded piece of it, by turns with the others.
   *
   * @returns Whether there may be more.
   */
  turn: (turn: Turn) => Promise<boolean>;
  /** The step that makes work for this one: it has its turns as long as that one has. */
  follows?: string;
}

/** What one turn works with. */
export interface Turn {
  /** Its calls wait for the store's budget until the turn is over. */
  context: StorageContext;
  report: SweepReport;
  /** When the sweep began, by the clock that leases are decided by. */
  began: Date;
  /**
   * Works on each, several at once, in order, until the turn is over, but on the first at least; each with its rest. What fails is reported under its id and
   * does not stop the others.
   */
  each: <Item extends { id: string }>(
    items: readonly Item[],
    work: (item: Item) => Promise<void>,
  ) => Promise<Worked>;
}

export interface Worked {
  /** So many from the first on were worked on; the others have to wait. */
  begun: number;
  errors: unknown[];
}
