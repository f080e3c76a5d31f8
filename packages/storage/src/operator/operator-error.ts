/** Why an operator's wish was not carried out. */
export type OperatorErrorCode =
  | "invalid_request"
  | "provider_exists"
  | "provider_not_found"
  | "provider_is_primary"
  | "provider_is_home"
  | "provider_disabled"
  | "move_running"
  | "rule_not_found"
  | "move_not_found"
  | "provider_from_environment"
  | "provider_unsupported"
  | "endpoint_refused"
  | "key_refused"
  | "file_not_found"
  | "file_not_held"
  | "file_deleted"
  | "copy_not_found"
  | "copy_missing"
  | "copy_changed"
  | "backup_unavailable"
  | "restore_failed"
  | "bucket_foreign"
  | "cdn_refused"
  | "user_not_found"
  | "workspace_not_found"
  | "hold_not_found"
  | DumpErrorCode;

/** Why a backup of the database was not made, or not taken back. */
type DumpErrorCode =
  | "dump_not_found"
  /** What is there is none of ours, or of a format that is made by a later release. */
  | "dump_unreadable"
  | "dump_key_missing"
  | "dump_changed"
  | "dump_truncated"
  | "dump_newer"
  | "dump_of_other_engine"
  | "dump_of_other_version"
  | "dump_running"
  | "dump_failed"
  | "dump_tools_missing"
  | "database_not_empty"
  | "database_refused"
  | "restore_failed"
  | "backup_provider_missing";

/** For whoever runs the deployment: one sentence that says what to do. Nothing in it is secret. */
export class OperatorError extends Error {
  override readonly name = "OperatorError";
  readonly code: OperatorErrorCode;

  constructor(code: OperatorErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
