import type { HashBlob, Hashed } from "../md5/blob-hasher.ts";
import type { ReadOnce } from "./read-once.ts";

/** MD5 of the parts of one file: those that wait to be sent, and those being worked out. */
export class PartChecksums {
  readonly #hash: HashBlob;
  readonly #readOnce: ReadOnce;
  readonly #known = new Map<number, Hashed>();
  readonly #running = new Set<number>();
  #scope = new AbortController();

  constructor({ hash, readOnce }: { hash: HashBlob; readOnce: ReadOnce }) {
    this.#hash = hash;
    this.#readOnce = readOnce;
  }

  /** Parts known or being worked out. */
  get size(): number {
    return this.#known.size + this.#running.size;
  }

  get runningCount(): number {
    return this.#running.size;
  }

  has(partNumber: number): boolean {
    return this.#known.has(partNumber);
  }

  isMissing(partNumber: number): boolean {
    return !this.#known.has(partNumber) && !this.#running.has(partNumber);
  }

  find(partNumber: number): Hashed | undefined {
    return this.#known.get(partNumber);
  }

  /**
   * Resolves with the digest, and keeps it; with `null` when nobody wants it any more.
   *
   * @param toSend Whether the part is sent next: then its bytes may be kept too.
   * @throws {Error} When the file can no longer be read.
   */
  async hash(partNumber: number, part: Blob, { toSend }: { toSend: boolean }): Promise<Uint8Array | null> {
    const { signal } = this.#scope;
    this.#running.add(partNumber);
    try {
      const isKept = toSend && this.#readOnce.take(part.size);
      // There may be too little memory for all of it, and enough for some of it at a time.
      const kept = isKept ? await this.#hash(part, signal, true).catch(() => null) : null;
      if (isKept && (kept === null || signal.aborted)) this.#readOnce.giveBack(part.size);
      if (signal.aborted) return null;
      const hashed = kept ?? (await this.#hash(part, signal));
      if (signal.aborted) return null;
      this.#known.set(partNumber, hashed);
      return hashed.digest;
    } catch (error) {
      if (signal.aborted) return null;
      throw error;
    } finally {
      if (!signal.aborted) this.#running.delete(partNumber);
    }
  }

  drop(partNumber: number): void {
    this.dropBytes(partNumber);
    this.#known.delete(partNumber);
  }

  /**
   * Lets go of what was read of a part: whoever wants it reads it again. Left to the garbage collector, which is to notice that there
   * is something to collect: the request holds a copy that it does not see.
   */
  dropBytes(partNumber: number): void {
    const hashed = this.#known.get(partNumber);
    if (hashed === undefined || hashed.bytes === null) return;
    this.#readOnce.giveBack(hashed.bytes.byteLength);
    this.#known.set(partNumber, { ...hashed, bytes: null });
  }

  /** Of a file that may stand still for hours. */
  dropAllBytes(): void {
    for (const partNumber of this.#known.keys()) this.dropBytes(partNumber);
  }

  clear(): void {
    this.#scope.abort(NO_LONGER_WANTED);
    this.#scope = new AbortController();
    this.dropAllBytes();
    this.#known.clear();
    this.#running.clear();
  }
}

const NO_LONGER_WANTED = new DOMException("No longer wanted", "AbortError");
