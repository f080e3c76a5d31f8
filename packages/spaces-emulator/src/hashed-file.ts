import { createHash, type Hash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { writeAll } from "./write-all.ts";

/** Bytes gathered for one write. */
const GATHERED = 256 * 1024;

/**
 * A new file that is hashed while it is written.
 *
 * Every piece is freed as soon as it is written. Left to the garbage collector, each 32 MiB of them bring on a collection of
 * everything, which took a fifth of the processor while bodies came in.
 */
export class HashedFile implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #md5 = createHash("md5");
  readonly #sha256: Hash | undefined;
  #gathered: Buffer[] = [];
  #gatheredSize = 0;
  #size = 0;

  private constructor(file: FileHandle, sha256: Hash | undefined) {
    this.#file = file;
    this.#sha256 = sha256;
  }

  static async create(path: string, options: { sha256: boolean }): Promise<HashedFile> {
    return new HashedFile(await open(path, "wx"), options.sha256 ? createHash("sha256") : undefined);
  }

  /** @param piece The file's from now on: its bytes are gone once they are written. */
  async append(piece: Buffer): Promise<void> {
    this.#size += piece.length;
    this.#md5.update(piece);
    this.#sha256?.update(piece);
    this.#gathered.push(piece);
    this.#gatheredSize += piece.length;
    if (this.#gatheredSize >= GATHERED) await this.#write();
  }

  /** Once, at the end. Hashes are hex. */
  async finish(): Promise<{ size: number; md5: string; sha256: string | undefined }> {
    await this.#write();
    return { size: this.#size, md5: this.#md5.digest("hex"), sha256: this.#sha256?.digest("hex") };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  async #write(): Promise<void> {
    const pieces = this.#gathered;
    this.#gathered = [];
    this.#gatheredSize = 0;
    await writeAll(this.#file, pieces);
    for (const piece of pieces) free(piece);
  }
}

/** Only of a piece that has its memory to itself: of the rest, somebody else may hold another piece. */
function free({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
