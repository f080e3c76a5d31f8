import type { Operation } from "../operation.ts";

/** Whether the store has done what it was asked for before the fault shows. */
export type Effect = "none" | "done";

/** What goes wrong. */
export type Fault =
  /** An error as the answer: 500 unless told otherwise; `code` as S3 has it for the status. */
  | { fault: "error"; status?: number; code?: string; effect?: Effect }
  /** Complete or a copy: 200, and an error in the body. */
  | { fault: "error-in-200"; effect?: Effect }
  /** It is done; the connection is reset in place of the answer. */
  | { fault: "lost-answer" }
  /** No answer, for as long as the client waits. */
  | { fault: "time-out"; effect?: Effect }
  /** The connection is reset in the body: of the request, so that nothing is done; of a GET's answer. By default half way. */
  | { fault: "reset"; afterBytes?: number }
  /** It is done; half of the answer's body comes, then the connection ends. `seemsWhole`: Content-Length agrees with the half. */
  | { fault: "truncated"; seemsWhole?: boolean }
  /** Both bodies at this rate. */
  | { fault: "slow-socket"; bytesPerSecond: number }
  /** So long before anything is done, or before the answer to what is done; without `ms` until it is healed. */
  | { fault: "delay"; ms?: number; effect?: Effect }
  /** Complete works for so long, and holds its lock: another one meanwhile gets Ceph's 500. Without `ms` until it is healed. */
  | { fault: "slow-complete"; ms?: number }
  /** The ETag is there, but CORS does not let pages read it. */
  | { fault: "hidden-etag" }
  /** The store's clock is so far ahead (or, negative, behind): URLs have run out, signatures are from another time. */
  | { fault: "clock-skew"; aheadMs: number }
  /** Lists tell what there was when the rule was injected. */
  | { fault: "stale-list" }
  /** What adds bytes is refused: 507 for want of disk (ENOSPC), or 403 for want of quota. */
  | { fault: "store-full"; of?: "disk" | "quota" };

export type FaultName = Fault["fault"];

/** Which requests it strikes: those to which all of this applies. */
export interface FaultMatch {
  /** By default all that the fault makes sense for, but preflights. */
  operation?: Operation | readonly Operation[];
  keyPrefix?: string;
  /** The n-th request (from 1) that the rest of this applies to; that one alone unless `times` says how many from there. */
  nth?: number;
  /** How many are struck at most. */
  times?: number;
  /** For so long after it was injected. */
  forMs?: number;
  /** Above 0, at most 1: how likely each of them is struck, by the kit's seed. */
  probability?: number;
}

/** One object, that JSON can carry. Without `times` and `forMs` it strikes until it is healed. */
export type FaultRule = Fault & FaultMatch;
