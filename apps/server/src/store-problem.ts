import { UploadError } from "@audiotricks/protocol";
import { type SpacesProvider, type Storage, StoreFailure } from "@audiotricks/storage";

/** Why nothing can be uploaded, as a sentence that names the setting and the mend; `undefined` where all is well. */
export async function findStoreProblem(
  storage: Storage,
  spaces: SpacesProvider,
): Promise<string | undefined> {
  try {
    await storage.checkReady();
    return undefined;
  } catch (error) {
    if (error instanceof UploadError && error.cause instanceof StoreFailure)
      return describeStoreProblem(error.cause, spaces);
    throw error;
  }
}

export function describeStoreProblem(
  { status, code }: Pick<StoreFailure, "status" | "code">,
  { endpoint, bucket }: Pick<SpacesProvider, "endpoint" | "bucket">,
): string {
  switch (status) {
    case 404:
      return `There is no bucket ${bucket} at ${endpoint}. Set SPACES_BUCKET to one that is there, or SPACES_PREPARE=true to make it.`;
    case 401:
    case 403:
      return `${endpoint} refuses the bucket ${bucket} to this key (${status}). Set SPACES_KEY and SPACES_SECRET to a key that may use it, or SPACES_BUCKET to another bucket.`;
    case undefined:
      return `The store at ${endpoint} does not answer (${code}). Check SPACES_ENDPOINT, and that it can be reached from here.`;
    default:
      return `The store at ${endpoint} does not answer as it should (${status}). Check SPACES_ENDPOINT and SPACES_REGION.`;
  }
}
