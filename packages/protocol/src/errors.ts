/** Every failure the companion reports, with its HTTP status. A new code is a wire change. */
export const UPLOAD_ERRORS = {
  invalid_request: 400,
  unauthenticated: 401,
  forbidden: 403,
  /** Signed in well enough, as somebody whom nobody here knows. */
  unknown_user: 403,
  route_not_found: 404,
  session_not_found: 404,
  file_not_found: 404,
  workspace_not_found: 404,
  /** A link that is unknown, expired, revoked or used up, or whose file is gone. */
  share_not_found: 404,
  alert_not_found: 404,
  method_not_allowed: 405,
  idempotency_conflict: 409,
  /** The session is past the state in which this call makes sense: `details.state` says which. */
  session_not_open: 409,
  session_completed: 409,
  /** Complete was asked for before the store has every part: `details.missing` lists part numbers. */
  parts_missing: 409,
  file_not_ready: 409,
  /** Another change of who may read the file is under way: `details.retryAfterMs` says when to ask again. */
  access_changing: 409,
  body_too_large: 413,
  file_empty: 422,
  file_too_large: 422,
  type_not_allowed: 422,
  /** Files of this kind are not for so many eyes, such as backups for anyone. */
  access_not_allowed: 422,
  /** The bytes are not what the name says, for example an `.exe` named `.mp3`. */
  content_mismatch: 422,
  /** The store holds another number of bytes than was announced. */
  size_mismatch: 422,
  quota_exceeded: 422,
  upload_failed: 422,
  too_many_sessions: 429,
  /** One user's event streams: `details.maxStreams` are open. */
  too_many_streams: 429,
  rate_limited: 429,
  internal: 500,
  provider_unsupported: 501,
  storage_unavailable: 503,
  /** No more event streams here for now, or none at all: read instead. */
  streams_unavailable: 503,
  database_unavailable: 503,
  no_provider: 503,
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
    { details, cause }: { details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
    this.details = details;
  }

  get status(): (typeof UPLOAD_ERRORS)[UploadErrorCode] {
    return UPLOAD_ERRORS[this.code];
  }

  /** Whether trying the same request again can help. */
  get retryable(): boolean {
    return [429, 500, 503].includes(this.status);
  }

  toBody(): UploadErrorBody {
    return this.details === undefined
      ? { code: this.code, message: this.message }
      : { code: this.code, message: this.message, details: this.details };
  }
}
