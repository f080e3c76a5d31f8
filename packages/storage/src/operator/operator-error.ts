/** Why an operator's wish was not carried out. */
export type OperatorErrorCode =
  | "invalid_request"
  | "provider_exists"
  | "provider_not_found"
  | "provider_is_primary"
  | "provider_from_environment"
  | "provider_unsupported"
  | "endpoint_refused"
  | "key_refused"
  | "file_not_found"
  | "file_not_held"
  | "bucket_foreign"
  | "cdn_refused"
  | "user_not_found"
  | "workspace_not_found"
  | "hold_not_found";

/** For whoever runs the deployment: one sentence that says what to do. Nothing in it is secret. */
export class OperatorError extends Error {
  override readonly name = "OperatorError";
  readonly code: OperatorErrorCode;

  constructor(code: OperatorErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
