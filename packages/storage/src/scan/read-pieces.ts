import type { ReadBytes } from "../proof/sniff-audio.ts";

/** Bytes of one request to the store: what one scan keeps in memory, once or twice. */
const PIECE = 4 * 1024 ** 2;

/** All of a file, one request after another. */
export async function* readPieces(read: ReadBytes, size: number, piece = PIECE): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < size; offset += piece) {
    const wanted = Math.min(piece, size - offset);
    const bytes = await read(offset, wanted);
    if (bytes.length !== wanted) throw new Error(`the store gave ${bytes.length} of ${wanted} bytes`);
    yield bytes;
  }
}
