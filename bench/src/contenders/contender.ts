import type { Place } from "../place.ts";
import type { Workload } from "../workload.ts";

export interface Contender {
  /** As in `page/main.ts`. */
  name: string;
  /** For tables. */
  title: string;
  /** Whether it sends the parts of one file one after another. */
  isOneLane: boolean;
  open(place: Place): Promise<ContenderServer>;
}

/** Whatever a contender needs besides the browser and the store. */
export interface ContenderServer extends AsyncDisposable {
  /** Where the page finds it; `null` where there is nothing to be found. */
  origin: string | null;
  /** What the page needs for this run; not measured. */
  settings(workload: Workload): Promise<Record<string, unknown>>;
  /** Makes sure that everything is stored, if it is meant to be, and takes it away. */
  finish(workload: Workload): Promise<void>;
}
