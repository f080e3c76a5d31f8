import { UploadError } from "@audiotricks/protocol";

/** Why a copy could not be made. All but those of a store or of the lease stay until a person has looked. */
export type CopyFailureCode =
  /** There is no such object to copy. */
  | "source_missing"
  /** It is not the one that the row names. */
  | "source_changed"
  /** What arrived is not what was read. */
  | "checksum_differs"
  | "source_unavailable"
  | "target_unavailable"
  /** The target may still be putting the parts together. */
  | "completing"
  /** Somebody else is at it, or it is no longer wanted. */
  | "too_late";

export class CopyFailure extends Error {
  override readonly name = "CopyFailure";
  readonly code: CopyFailureCode;

  constructor(code: CopyFailureCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Says of which side a store's failure is. No secret and no byte of a file is in it. */
export async function onSide<Result>(
  side: "source" | "target",
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UploadError)) throw error;
    const { message, cause } = error;
    const why = cause instanceof Error ? cause.message : message;
    throw new CopyFailure(`${side}_unavailable`, why, { cause: error });
  }
}
