import { uriEncodePath } from "./uri-encode.ts";

export interface BucketAddress {
  /** Origin of the store, for example `https://nyc3.digitaloceanspaces.com`. */
  endpoint: string;
  bucket: string;
  forcePathStyle: boolean;
}

/** Where a key of this bucket is: `path` is encoded, `host` carries the port if it is not the scheme's own. */
export function locate(
  address: BucketAddress,
  key: string,
): { protocol: string; host: string; path: string } {
  const { protocol, host } = new URL(address.endpoint);
  const path = uriEncodePath(key);
  return address.forcePathStyle
    ? { protocol, host, path: `/${address.bucket}/${path}` }
    : { protocol, host: `${address.bucket}.${host}`, path: `/${path}` };
}

/**
 * The addresses of one bucket by both of its host names. Browsers open six connections to each *host* over HTTP/1.1, so parts
 * that go to both have twice as many.
 */
export function bothHosts(address: BucketAddress): readonly [BucketAddress, BucketAddress] {
  return [
    { ...address, forcePathStyle: false },
    { ...address, forcePathStyle: true },
  ];
}

/** The plain, unsigned URL of a key; of the bucket when the key is empty. */
export function urlOf(address: BucketAddress, key: string): string {
  const { protocol, host, path } = locate(address, key);
  return `${protocol}//${host}${path}`;
}

/** Whether there can be `BUCKET.host`: an address has no names below it. */
export function takesSubdomains(endpoint: string): boolean {
  return !/^[\d.]+$|^\[/.test(new URL(endpoint).hostname);
}

/**
 * Whether the bucket must stand in the path: an address has no subdomains, `localhost` has none that resolve, and a
 * dot in the bucket's name falls outside a wildcard certificate.
 */
export function needsPathStyle(endpoint: string, bucket: string): boolean {
  const { hostname } = new URL(endpoint);
  return (
    hostname === "localhost" ||
    !takesSubdomains(endpoint) ||
    !/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(bucket)
  );
}

/** Spaces answers by both names of a bucket; whoever else does is told by a setting. */
export function isSpacesHost(endpoint: string): boolean {
  return new URL(endpoint).hostname.endsWith(".digitaloceanspaces.com");
}

/** The specification writes endpoints without a scheme; they all mean https. */
export function normalizeEndpoint(endpoint: string): string {
  return new URL(endpoint.includes("://") ? endpoint : `https://${endpoint}`).origin;
}
