import type { Ground } from "./ground.ts";

/** One behaviour of a store that this product goes by, and how it is asked for. */
export interface Probe {
  /** Stable, kebab-case. */
  name: string;
  asks: string;
  /** What is known of Ceph or said by the vendor, and is assumed of every store until it says otherwise. */
  stated: string;
  /** Answers that count as `stated`; without it, exactly that text. */
  isStated?: RegExp;
  means: { asStated: string; other: string };
  /**
   * @returns The store's answer in few words, such as `403 AccessDenied`.
   * @throws {CouldNotTell} If the store was not asked, or did not answer.
   */
  ask(ground: Ground): Promise<string>;
}

/** What is known to be unknown, and is left alone. */
export interface Unasked {
  name: string;
  asks: string;
  notProbed: string;
  means: string;
}

export interface Finding {
  name: string;
  asks: string;
  /** `undefined` where nothing was asked. */
  stated: string | undefined;
  outcome:
    | { verdict: "as_stated" | "other"; answer: string }
    | { verdict: "could_not_tell"; reason: string; isConnection: boolean };
  means: string;
}

/** Ends a probe without an answer. */
export class CouldNotTell extends Error {
  override readonly name = "CouldNotTell";
  /** Whether another run may well tell: nothing was answered, or only that the store is busy. */
  readonly isConnection: boolean;

  constructor(
    reason: string,
    { isConnection = false, ...options }: ErrorOptions & { isConnection?: boolean } = {},
  ) {
    super(reason, options);
    this.isConnection = isConnection;
  }
}
