import { isSpacesHost } from "../s3/bucket-address.ts";

/** What a vendor's store allows and honours. Data, so that a new vendor is a new entry. Sizes are bytes. */
export interface ProviderLimits {
  name: string;
  maxPutSize: number;
  minPartSize: number;
  /** PUTs and copies it takes at once for one object. */
  maxConcurrentPuts: number;
  /** Longest it may go on working on a CompleteMultipartUpload whose answer was lost. */
  completionLimitMs: number;
  /** Refuses a part whose `Content-MD5` does not fit, signed or not. */
  checksContentMd5: boolean;
  /** Honours a signed `If-None-Match: *` on PUT. */
  honoursIfNoneMatchOnPut: boolean;
  corsAnswerOnForbidden: boolean;
  /** Requests of everybody, browsers included, that one bucket and one client address get; Infinity where none is known. */
  requestsPerSecond: { bucket: number; client: number };
}

const MiB = 1024 * 1024;

const spaces: ProviderLimits = {
  name: "DigitalOcean Spaces",
  maxPutSize: 5_000_000_000,
  minPartSize: 5 * MiB,
  maxConcurrentPuts: 10,
  // Spaces is Ceph: its lock on a completion (rgw_mp_lock_max_time) lives this long.
  completionLimitMs: 600_000,
  checksContentMd5: true,
  honoursIfNoneMatchOnPut: true,
  corsAnswerOnForbidden: false,
  requestsPerSecond: { bucket: 800, client: 1_500 },
};

export const PROVIDER_LIMITS = {
  digitalocean_spaces: spaces,
  s3: {
    ...spaces,
    name: "Amazon S3",
    maxPutSize: 5_368_709_120,
    maxConcurrentPuts: 100,
    corsAnswerOnForbidden: true,
    // Of writes, for one prefix.
    requestsPerSecond: { bucket: 3_500, client: Number.POSITIVE_INFINITY },
  },
  gcs: {
    ...spaces,
    name: "Google Cloud Storage",
    honoursIfNoneMatchOnPut: false,
    // Of writes, before a bucket has grown used to more.
    requestsPerSecond: { bucket: 1_000, client: Number.POSITIVE_INFINITY },
  },
} as const satisfies Record<string, ProviderLimits>;

export type SupportedProviderName = keyof typeof PROVIDER_LIMITS;

export function isSupportedProvider(name: string): name is SupportedProviderName {
  return Object.hasOwn(PROVIDER_LIMITS, name);
}

/** Which vendor an endpoint belongs to; an S3 server of one's own counts as Spaces, whose limits are the tightest. */
export function providerNameOf(endpoint: string): SupportedProviderName {
  const { hostname } = new URL(endpoint);
  if (hostname.endsWith(".amazonaws.com")) return "s3";
  if (hostname === "storage.googleapis.com") return "gcs";
  return "digitalocean_spaces";
}

/** The limits of a vendor at one endpoint: a server of one's own takes as many requests as it can. */
export function limitsAt(name: SupportedProviderName, endpoint: string): ProviderLimits {
  const limits = PROVIDER_LIMITS[name];
  if (name !== "digitalocean_spaces" || isSpacesHost(endpoint)) return limits;
  return {
    ...limits,
    requestsPerSecond: { bucket: Number.POSITIVE_INFINITY, client: Number.POSITIVE_INFINITY },
  };
}
