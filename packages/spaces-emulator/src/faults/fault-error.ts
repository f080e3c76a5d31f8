export type FaultErrorCode =
  /** The rule says something that cannot be meant. */
  | "invalid_rule"
  /** The emulator takes no faults, or not with this token. */
  | "not_open"
  /** Nothing answers there. */
  | "unreachable";

/** A rule that was not injected; nothing is changed. `code` stays, `message` is for people. */
export class FaultError extends Error {
  override readonly name = "FaultError";
  readonly code: FaultErrorCode;

  constructor(code: FaultErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
