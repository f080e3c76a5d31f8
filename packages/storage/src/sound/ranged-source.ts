import type { AudioSource } from "@audiotricks/audio-preflight/inspect";

/** Up to `length` bytes from `offset`. */
export type FetchRange = (offset: number, length: number) => Promise<ArrayBuffer>;

/** A file that lies elsewhere, of which only what is read is fetched. */
export function rangedSource(size: number, fetchRange: FetchRange): AudioSource {
  return {
    size,
    slice: (start, end) => ({ arrayBuffer: () => fetchRange(start, Math.min(end, size) - start) }),
  };
}
