import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

/** Kinds of text: what is packed already, such as `pdf` and `docx`, gets no smaller. */
const TEXTS: ReadonlySet<string> = new Set(["txt", "srt", "vtt", "json", "csv", "md"]);

/** Whether a file of this extension is stored as gzip, which its readers unpack by its `Content-Encoding`. */
export function isWorthPacking(extension: string | undefined): boolean {
  return extension !== undefined && TEXTS.has(extension);
}

/** Rejects as the source does. */
export async function* gzipped(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gzip = createGzip();
  const packing = pipeline(Readable.from(source), gzip);
  // Heard by way of what is read.
  packing.catch(() => undefined);
  yield* gzip as AsyncIterable<Uint8Array>;
  await packing;
}
