/** What is said of an object where no signed URL says otherwise: that is, while anyone may read it. */
export interface ObjectHeaders {
  CacheControl: string;
  ContentDisposition?: string;
}

const DAY = 86_400;
/** By the prefixes of `object_key`. A key's bytes never change: how long copies last is a matter of taking a file back. */
const BY_PREFIX: readonly (readonly [string, ObjectHeaders])[] = [
  ["audio/", { CacheControl: `public, max-age=${7 * DAY}` }],
  ["static/", { CacheControl: `public, max-age=${365 * DAY}, immutable` }],
  ["documents/", { CacheControl: `public, max-age=${DAY}`, ContentDisposition: "attachment" }],
  ["exports/", { CacheControl: `public, max-age=${DAY}`, ContentDisposition: "attachment" }],
];
const NEVER_PUBLIC: ObjectHeaders = { CacheControl: "private, no-store", ContentDisposition: "attachment" };

/**
 * Written with the object when it is made: to change them later means to copy it onto itself, which not every store can do with
 * more than 5 GB, and which gives the bytes another ETag at some.
 */
export function objectHeadersOf(key: string): ObjectHeaders {
  return BY_PREFIX.find(([prefix]) => key.startsWith(prefix))?.[1] ?? NEVER_PUBLIC;
}
