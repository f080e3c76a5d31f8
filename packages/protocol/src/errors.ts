/**
 * Every failure the companion reports, with its HTTP status and whether trying the same request again can help.
 * A new code is a wire change.
 */
export const UPLOAD_ERRORS = {
  invalid_request: { status: 400, retryable: false },
  unauthenticated: { status: 401, retryable: false },
  forbidden: { status: 403, retryable: false },
  /** Signed in well enough, as somebody whom nobody here knows. */
  unknown_user: { status: 403, retryable: false },
  route_not_found: { status: 404, retryable: false },
  session_not_found: { status: 404, retryable: false },
  file_not_found: { status: 404, retryable: false },
  workspace_not_found: { status: 404, retryable: false },
  method_not_allowed: { status: 405, retryable: false },
  idempotency_conflict: { status: 409, retryable: false },
  /** The session is past the state in which this call makes sense: `details.state` says which. */
  session_not_open: { status: 409, retryable: false },
  session_completed: { status: 409, retryable: false },
  /** Complete was asked for before the store has every part: `details.missing` lists part numbers. */
  parts_missing: { status: 409, retryable: false },
  file_not_ready: { status: 409, retryable: false },
  body_too_large: { status: 413, retryable: false },
  file_empty: { status: 422, retryable: false },
  file_too_large: { status: 422, retryable: false },
  type_not_allowed: { status: 422, retryable: false },
  /** The bytes are not what the name says, for example an `.exe` named `.mp3`. */
  content_mismatch: { status: 422, retryable: false },
  /** The store holds another number of bytes than was announced. */
  size_mismatch: { status: 422, retryable: false },
  quota_exceeded: { status: 422, retryable: false },
  upload_failed: { status: 422, retryable: false },
  too_many_sessions: { status: 429, retryable: true },
  rate_limited: { status: 429, retryable: true },
  internal: { status: 500, retryable: true },
  provider_unsupported: { status: 501, retryable: false },
  storage_unavailable: { status: 503, retryable: true },
  database_unavailable: { status: 503, retryable: true },
  no_provider: { status: 503, retryable: true },
} as const;

export type UploadErrorCode = keyof typeof UPLOAD_ERRORS;

/** What goes over the wire as `{"error": …}`. `message` is for people, `code` for programs. */
export interface UploadErrorBody {
  code: UploadErrorCode;
  message: string;
  details?: Record<string, unknown>;
}

/** A failure with a stable code; crosses every package boundary unchanged. */
export class UploadError extends Error {
  override readonly name = "UploadError";
  readonly code: UploadErrorCode;
  readonly details: Record<string, unknown> | undefined;

  constructor(
    code: UploadErrorCode,
    message: string,
    options: { details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
  }

  get status(): (typeof UPLOAD_ERRORS)[UploadErrorCode]["status"] {
    return UPLOAD_ERRORS[this.code].status;
  }

  get retryable(): boolean {
    return UPLOAD_ERRORS[this.code].retryable;
  }

  toBody(): UploadErrorBody {
    return this.details === undefined
      ? { code: this.code, message: this.message }
      : { code: this.code, message: this.message, details: this.details };
  }
}
