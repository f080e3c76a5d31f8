import { type Kysely, type Selectable, sql } from "kysely";
import type { Database } from "../database.ts";
import type { StorageProviders } from "../database-schema.ts";
import { type BucketAddress, isSpacesHost, needsPathStyle, normalizeEndpoint } from "../s3/bucket-address.ts";
import type { SigningCredentials } from "../s3/sigv4.ts";
import { findEndpointProblem, INTERNAL_SETTING } from "./endpoint-host.ts";
import type { Keyring } from "./keyring.ts";
import { ProviderError } from "./provider-error.ts";
import { isSupportedProvider, limitsAt, PROVIDER_LIMITS, type ProviderLimits } from "./provider-limits.ts";
import { openSecret } from "./secret-envelope.ts";
import type { SpacesProvider } from "./spaces-provider.ts";

/** One bucket with all that is needed to use it. Holds a secret: never log it. */
export interface Provider extends BucketAddress {
  id: string;
  region: string;
  /** Whether browsers may send parts to both host names of the bucket. */
  hasTwoHosts: boolean;
  /** Origin of the CDN before the bucket. */
  cdnEndpoint?: string | undefined;
  /** Whether its host may only lead to addresses of the internet: what the database names is not trusted with our network. */
  isPublicOnly: boolean;
  credentials: SigningCredentials;
  /** It does not answer, as those say who look after it. */
  isDown: boolean;
  limits: ProviderLimits;
}

/** What a provider's row may need to come alive. */
export interface ProviderSecrets {
  spaces: SpacesProvider | undefined;
  keyring: Keyring | undefined;
  /** Whether rows may name plain HTTP and internal addresses. */
  allowInternalEndpoints: boolean;
}

/**
 * @throws {ProviderError} `no_provider` if there is no such row or its secret is out of reach, `provider_unsupported` if
 *   we do not speak its protocol.
 */
export async function getProvider(
  db: Kysely<Database>,
  id: string,
  secrets: ProviderSecrets,
): Promise<Provider> {
  const row = await db
    .selectFrom("storage_providers")
    .selectAll()
    .select(sql<boolean>`is_down(id)`.as("is_down"))
    .where("id", "=", id)
    .executeTakeFirst();
  if (row === undefined) throw new ProviderError("no_provider", `There is no storage provider ${id}.`);
  return toProvider(row, secrets);
}

function toProvider(
  row: Selectable<StorageProviders> & { is_down: boolean },
  secrets: ProviderSecrets,
): Provider {
  const name = row.provider_name;
  if (!isSupportedProvider(name)) {
    throw new ProviderError(
      "provider_unsupported",
      `Storage provider ${row.id} is ${name}, which does not speak S3. Supported: ${Object.keys(PROVIDER_LIMITS).join(", ")}.`,
    );
  }
  const endpoint = normalizeEndpoint(row.endpoint_url);
  const { spaces } = secrets;
  const isGiven =
    spaces !== undefined &&
    normalizeEndpoint(spaces.endpoint) === endpoint &&
    spaces.bucket === row.bucket_name;
  // The bucket of the environment is the operator's own word.
  const isPublicOnly = !isGiven && !secrets.allowInternalEndpoints;
  const problem = isPublicOnly ? findEndpointProblem(endpoint) : undefined;
  if (problem !== undefined)
    throw new ProviderError(
      "no_provider",
      `The endpoint ${endpoint} of storage provider ${row.id} ${problem}: ${INTERNAL_SETTING}=true allows it.`,
    );
  const forcePathStyle =
    (isGiven && spaces.forcePathStyle === true) || needsPathStyle(endpoint, row.bucket_name);
  return {
    id: row.id,
    endpoint,
    bucket: row.bucket_name,
    region: row.region,
    forcePathStyle,
    hasTwoHosts: (isGiven ? spaces.twoHosts : undefined) ?? (isSpacesHost(endpoint) && !forcePathStyle),
    cdnEndpoint:
      row.cdn_enabled && row.cdn_endpoint !== null ? cdnOriginOf(row.id, row.cdn_endpoint) : undefined,
    isPublicOnly,
    isDown: row.is_down,
    credentials: credentialsOf(row, isGiven ? spaces : undefined, secrets.keyring),
    limits: limitsAt(name, endpoint),
  };
}

function cdnOriginOf(id: string, endpoint: string): string {
  try {
    return normalizeEndpoint(endpoint);
  } catch (cause) {
    throw new ProviderError("no_provider", `The CDN endpoint of storage provider ${id} is no URL.`, {
      cause,
    });
  }
}

function credentialsOf(
  row: Selectable<StorageProviders>,
  spaces: SpacesProvider | undefined,
  keyring: Keyring | undefined,
): SigningCredentials {
  if (row.secret_access_key_encrypted === "env:") {
    if (spaces === undefined) {
      throw new ProviderError(
        "no_provider",
        `The credentials of bucket ${row.bucket_name} at ${row.endpoint_url} are expected in the environment, but SPACES_ENDPOINT and SPACES_BUCKET name another.`,
      );
    }
    return { accessKeyId: spaces.accessKeyId, secretAccessKey: spaces.secretAccessKey };
  }
  if (keyring === undefined) {
    throw new ProviderError(
      "no_provider",
      `The secret of bucket ${row.bucket_name} is sealed: set STORAGE_ENCRYPTION_KEY to the key it was sealed with.`,
    );
  }
  return {
    accessKeyId: row.access_key_id,
    secretAccessKey: openSecret(row.secret_access_key_encrypted, row.id, keyring),
  };
}
