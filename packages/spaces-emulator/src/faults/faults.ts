import type { Operation } from "../operation.ts";
import type { FaultName, FaultRule } from "./fault-rule.ts";

/** Makes things go wrong at the emulator; in this process or, by `connectFaults`, in another one. */
export interface Faults {
  /**
   * From now on. Of several rules, the first that strikes a request has it to itself: those injected later do not see it.
   *
   * @throws {FaultError} `invalid_rule`
   */
  inject(rule: FaultRule): Promise<InjectedFault>;
  /** Ends every rule. What they hold back goes on; connections that time out are reset. */
  heal(): Promise<void>;
  /** What did happen, oldest first: the last 10,000. */
  log(): Promise<StruckRequest[]>;
  /** Heals, forgets the log, and begins with the seed anew: the same requests will be struck by the same rules. */
  restart(seed?: number): Promise<void>;
}

/** One rule. */
export interface InjectedFault {
  readonly id: string;
  heal(): Promise<void>;
  /** What this rule did. */
  log(): Promise<StruckRequest[]>;
}

/** A request to which a fault really happened: a rule that chose it and found nothing to spoil says nothing. */
export interface StruckRequest {
  ruleId: string;
  fault: FaultName;
  operation: Operation;
  bucket: string | undefined;
  key: string | undefined;
  partNumber: number | undefined;
  /** Which of the requests that the rule applies to, from 1. */
  request: number;
  /** ISO 8601. */
  at: string;
}
