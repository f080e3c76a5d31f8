import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { Part } from "@audiotricks/protocol";
import { readPart } from "../s3/read-part.ts";
import type { S3Connection } from "../s3/s3-connection.ts";
import { streamPart, uploadPart } from "../s3/upload-part.ts";
import type { ByteBudget } from "./byte-budget.ts";
import { CopyFailure, onSide } from "./copy-failure.ts";
import { LARGEST_IN_MEMORY } from "./plan-copy.ts";

/** An object to be read, as its row knows it. */
export interface Source {
  s3: S3Connection;
  key: string;
  /** Unquoted: of another object nothing is read. */
  etag: string;
}

const PIECE = 4 * 1024 * 1024;
/** Of a part that streams: a piece that is read, and one that is on its way. */
const STREAM_MEMORY = 2 * PIECE;
const ATTEMPTS = 2;

/** @throws {CopyFailure} `source_missing`, `source_changed`, `source_unavailable`. */
export async function readBytes(
  { s3, key, etag }: Source,
  { offset, size }: { offset: number; size: number },
): Promise<Uint8Array> {
  const into = Buffer.allocUnsafe(size);
  const outcome = await again(s3.signal, () =>
    onSide("source", () => readPart(s3, { key, etag, offset, into })),
  );
  if (outcome === "missing") throw new CopyFailure("source_missing", "There is no such object to copy.");
  if (outcome === "changed") throw new CopyFailure("source_changed", "The object is not the one of its row.");
  return into;
}

/**
 * Takes one part across. The target refuses other bytes, or, where they stream, says by its ETag which came.
 *
 * @returns MD5 of the bytes that were read and arrived; `undefined` where the target knows no such upload.
 * @throws {CopyFailure}
 */
export function copyPart(
  source: Source,
  target: { s3: S3Connection; key: string; uploadId: string },
  { partNumber, offset, size }: Part,
  memory: ByteBudget,
): Promise<string | undefined> {
  const { s3 } = target;
  const place = { key: target.key, uploadId: target.uploadId, partNumber };
  if (size <= LARGEST_IN_MEMORY)
    return memory.use(size, async () => {
      const bytes = await readBytes(source, { offset, size });
      const md5 = createHash("md5").update(bytes).digest("hex");
      const etag = await again(s3.signal, () =>
        onSide("target", () => uploadPart(s3, { ...place, bytes, md5 })),
      );
      return etag === undefined ? undefined : md5;
    });
  return memory.use(STREAM_MEMORY, () =>
    again(s3.signal, async () => {
      const hash = createHash("md5");
      let failure: unknown;
      async function* pieces() {
        try {
          for (let at = 0; at < size; at += PIECE) {
            const range = { offset: offset + at, size: Math.min(PIECE, size - at) };
            const piece = await readBytes(source, range);
            hash.update(piece);
            yield piece;
          }
        } catch (error) {
          failure = error;
          throw error;
        }
      }
      const body = Readable.from(pieces(), { objectMode: false, highWaterMark: 1 });
      try {
        const etag = await onSide("target", () => streamPart(s3, { ...place, body, size }));
        if (etag === undefined) return undefined;
        const md5 = hash.digest("hex");
        if (etag !== md5)
          throw new CopyFailure("target_unavailable", `Part ${partNumber} arrived as other bytes.`);
        return md5;
      } catch (error) {
        throw failure ?? error;
      } finally {
        body.destroy();
      }
    }),
  );
}

/** MD5 of all of an object, read from its first byte to its last. `onPiece` is told of each piece: of a large one it takes hours. */
export async function hashObject(
  source: Source,
  size: number,
  { memory, onPiece }: { memory: ByteBudget; onPiece: () => Promise<void> },
): Promise<string> {
  return memory.use(PIECE, async () => {
    const hash = createHash("md5");
    for (let offset = 0; offset < size; offset += PIECE) {
      hash.update(await readBytes(source, { offset, size: Math.min(PIECE, size - offset) }));
      await onPiece();
    }
    return hash.digest("hex");
  });
}

/** What a store or the network did once, it may not do again at once. */
async function again<Result>(signal: AbortSignal | undefined, work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const isPassing =
        error instanceof CopyFailure &&
        (error.code === "source_unavailable" || error.code === "target_unavailable");
      if (!isPassing || attempt === ATTEMPTS || signal?.aborted) throw error;
    }
  }
}
