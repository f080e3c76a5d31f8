import { UploadError } from "@audiotricks/protocol";

/** What is left of an SDK error: enough to decide and to log, nothing that could hold a signature. */
export interface S3Failure {
  /** The store's own code, such as `NoSuchUpload`, or the network's, such as `ECONNREFUSED`. */
  code: string;
  /** HTTP status; `undefined` where no answer came. */
  status: number | undefined;
  requestId: string | undefined;
  /** How often it was sent, the first time included. */
  attempts: number;
}

export function describeFailure(error: unknown): S3Failure {
  if (!(error instanceof Error))
    return { code: "Unknown", status: undefined, requestId: undefined, attempts: 1 };
  const metadata = "$metadata" in error && isRecord(error.$metadata) ? error.$metadata : {};
  const status = typeof metadata.httpStatusCode === "number" ? metadata.httpStatusCode : undefined;
  const requestId = typeof metadata.requestId === "string" ? metadata.requestId : undefined;
  const attempts = typeof metadata.attempts === "number" ? metadata.attempts : 1;
  // For network failures the name is "Error" or "TimeoutError" and the code says more.
  const networkCode = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const code = networkCode !== undefined && error.name === "Error" ? networkCode : error.name;
  return { code: /^[\w.-]{1,100}$/.test(code) ? code : "Unknown", status, requestId, attempts };
}

/** The `cause` of `storage_unavailable`: what the store answered, for those who run the server; nobody else is told. */
export class StoreFailure extends Error {
  override readonly name = "StoreFailure";
  /** HTTP status; `undefined` where no answer came. */
  readonly status: number | undefined;
  /** The store's own code, or the network's. */
  readonly code: string;

  constructor(operation: string, { status, code, requestId }: Omit<S3Failure, "attempts">) {
    const reason = status === undefined ? code : `${status} ${code}`;
    super(`${operation}: ${reason}${requestId ? ` (request ${requestId})` : ""}`);
    this.status = status;
    this.code = code;
  }
}

export function storageUnavailable(operation: string, failure: Omit<S3Failure, "attempts">): UploadError {
  return new UploadError("storage_unavailable", "The object store does not answer as it should. Try again.", {
    cause: new StoreFailure(operation, failure),
  });
}

/** Whether the request cannot have reached the store at all. */
export function wasNeverSent({ code, status }: S3Failure): boolean {
  return (
    status === undefined &&
    ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"].includes(code)
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
