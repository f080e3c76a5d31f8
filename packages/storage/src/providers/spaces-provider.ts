import { UploadError } from "@audiotricks/protocol";
import { type Kysely, sql } from "kysely";
import type { Database } from "../database.ts";
import { normalizeEndpoint, takesSubdomains } from "../s3/bucket-address.ts";
import { providerNameOf } from "./provider-limits.ts";

/** A bucket whose credentials come from outside the database, as a rule from `SPACES_…` in the environment. */
export interface SpacesProvider {
  /** Origin, for example `https://nyc3.digitaloceanspaces.com`: without the bucket, never the CDN's. */
  endpoint: string;
  region: string;
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
  cdnEndpoint?: string | undefined;
  /** The vendor's id of the CDN, by which its copies are purged. */
  cdnId?: string | undefined;
  /** Forced anyway where the endpoint is an address or `localhost`. */
  forcePathStyle?: boolean | undefined;
  /** Whether browsers may send parts to `BUCKET.ENDPOINT` and to `ENDPOINT/BUCKET`; by default where it is Spaces. */
  twoHosts?: boolean | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const REQUIRED = [
  "SPACES_ENDPOINT",
  "SPACES_REGION",
  "SPACES_BUCKET",
  "SPACES_KEY",
  "SPACES_SECRET",
] as const;

/**
 * `undefined` when none of the settings is there.
 *
 * @throws {UploadError} `no_provider`, naming the setting and the mend, when some are missing or one cannot be used.
 */
export function readSpacesProvider(env: Environment): SpacesProvider | undefined {
  const missing = REQUIRED.filter((name) => !env[name]);
  if (missing.length === REQUIRED.length) return undefined;
  if (missing.length > 0)
    throw unusable(`Set ${missing.join(" and ")} too, or none of ${REQUIRED.join(", ")}.`);
  const [endpoint, region, bucket, accessKeyId, secretAccessKey] = REQUIRED.map(
    (name) => env[name] ?? "",
  ) as [string, string, string, string, string];
  if (!URL.canParse(endpoint.includes("://") ? endpoint : `https://${endpoint}`)) {
    throw unusable("SPACES_ENDPOINT must be a URL such as https://nyc3.digitaloceanspaces.com.");
  }
  const url = new URL(normalizeEndpoint(endpoint));
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw unusable("SPACES_ENDPOINT must begin with https://.");
  if (url.hostname.includes(".cdn.")) {
    throw unusable("SPACES_ENDPOINT must be the origin, not the CDN: the CDN takes no uploads above 8 MiB.");
  }
  if (url.hostname.startsWith(`${bucket}.`)) {
    throw unusable(`SPACES_ENDPOINT must not contain the bucket: leave ${bucket}. away.`);
  }
  const twoHosts = readBoolean(env, "SPACES_TWO_HOSTS");
  if (twoHosts === true && !takesSubdomains(url.origin)) {
    throw unusable(
      `SPACES_TWO_HOSTS needs a host name: ${url.hostname} is an address, so there is no ${bucket}.${url.hostname}.`,
    );
  }
  return {
    endpoint: url.origin,
    region,
    bucket,
    accessKeyId,
    secretAccessKey,
    cdnEndpoint: readCdnEndpoint(env),
    cdnId: env.SPACES_CDN_ID || undefined,
    forcePathStyle: readBoolean(env, "SPACES_FORCE_PATH_STYLE"),
    twoHosts,
  };
}

/**
 * Makes it the primary provider: new uploads go there, files elsewhere stay readable. One that was known already leaves that to a
 * bucket which an operator has made primary since. The table gets no secret.
 *
 * @returns Id of its row.
 */
export async function registerSpacesProvider(db: Kysely<Database>, spaces: SpacesProvider): Promise<string> {
  const endpoint = normalizeEndpoint(spaces.endpoint);
  return db.transaction().execute(async (trx) => {
    // Servers start at the same time, and only one row may be primary.
    await sql`SELECT pg_advisory_xact_lock(hashtext('storage_providers.primary'))`.execute(trx);
    const known = await trx
      .selectFrom("storage_providers")
      .select(["purpose", "secret_access_key_encrypted as secret"])
      .where("endpoint_url", "=", endpoint)
      .where("bucket_name", "=", spaces.bucket)
      .executeTakeFirst();
    if (known !== undefined && known.purpose !== "files")
      throw unusable(
        `SPACES_BUCKET names ${spaces.bucket}, which keeps ${known.purpose === "cold" ? "archived files" : "copies of files"}: uploads never go there.`,
      );
    const other = await trx
      .selectFrom("storage_providers")
      .select(["id", "secret_access_key_encrypted as secret"])
      .where("is_primary", "=", true)
      .where((eb) => eb.or([eb("endpoint_url", "!=", endpoint), eb("bucket_name", "!=", spaces.bucket)]))
      .executeTakeFirst();
    // Made so by a command, since this bucket was first named: a start takes no operator's word back.
    const isLeft = known?.secret === "env:" && other !== undefined && other.secret !== "env:";
    if (other !== undefined && !isLeft)
      await trx
        .updateTable("storage_providers")
        .set({ is_primary: false })
        .where("id", "=", other.id)
        .execute();
    const values = {
      region: spaces.region,
      access_key_id: spaces.accessKeyId,
      secret_access_key_encrypted: "env:",
      cdn_endpoint: spaces.cdnEndpoint ?? null,
      cdn_enabled: spaces.cdnEndpoint !== undefined,
      cdn_id: spaces.cdnId ?? null,
      ...(isLeft ? {} : { is_primary: true, is_active: true }),
    };
    const { id } = await trx
      .insertInto("storage_providers")
      .values({
        provider_name: providerNameOf(endpoint),
        endpoint_url: endpoint,
        bucket_name: spaces.bucket,
        ...values,
      })
      .onConflict((conflict) => conflict.columns(["endpoint_url", "bucket_name"]).doUpdateSet(values))
      .returning("id")
      .executeTakeFirstOrThrow();
    return id;
  });
}

/** Addresses of public files begin with it, and pages are told of it: no more than an origin. */
function readCdnEndpoint({ SPACES_CDN_ENDPOINT: text }: Environment): string | undefined {
  if (!text) return undefined;
  const url = URL.parse(text.includes("://") ? text : `https://${text}`);
  const isOrigin = url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`;
  if (!isOrigin)
    throw unusable(
      "SPACES_CDN_ENDPOINT must be where the CDN begins, without a path, such as https://audio.nyc3.cdn.digitaloceanspaces.com.",
    );
  return url.origin;
}

function readBoolean(env: Environment, name: string): boolean | undefined {
  const value = env[name];
  if (!value) return undefined;
  if (value === "true") return true;
  if (value === "false") return false;
  throw unusable(`${name} must be true or false.`);
}

function unusable(message: string): UploadError {
  return new UploadError("no_provider", message);
}
