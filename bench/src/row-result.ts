import type { Run } from "./measure-run.ts";
import type { Workload } from "./workload.ts";

/** One row of the matrix: every contender with one workload over one link. */
export interface RowResult {
  link: string;
  workload: string;
  /** What carried the bytes. */
  carriedBy: string;
  machine: string;
  /** ISO 8601, of the last run. */
  measuredAt: string;
  contenders: Record<string, ContenderResult>;
}

export interface ContenderResult {
  /** What it was given, which may be less than others. */
  workload: Workload;
  runs: Run[];
  /** What became of the runs that did not finish. */
  failures: string[];
}
