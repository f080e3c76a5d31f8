import { UploadError, type UploadErrorBody, type UploadErrorCode } from "@audiotricks/protocol";

const FOR_USERS = {
  no_provider: "No storage is set up.",
  provider_unsupported: "The storage that is set up is not supported.",
} as const satisfies Partial<Record<UploadErrorCode, string>>;

/**
 * What is wrong with a provider. `message` names endpoint, bucket and mend, for whoever runs the deployment: logs, commands,
 * reports. What goes over the wire does not.
 */
export class ProviderError extends UploadError {
  readonly #code: keyof typeof FOR_USERS;

  constructor(code: keyof typeof FOR_USERS, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
    this.#code = code;
  }

  override toBody(): UploadErrorBody {
    return { code: this.#code, message: FOR_USERS[this.#code] };
  }
}

/** For an answer among others, which nobody else logs. */
export function toToldBody(error: UploadError, onError: (error: unknown) => void): UploadErrorBody {
  if (error instanceof ProviderError) onError(error);
  return error.toBody();
}
