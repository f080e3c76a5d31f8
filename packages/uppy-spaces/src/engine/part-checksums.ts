import type { HashBlob, Hashed } from "../md5/blob-hasher.ts";
import { LET_GO } from "./let-go.ts";

/** MD5 of the parts of one file: those that wait to be sent, and those being worked out. */
export class PartChecksums {
  readonly #hash: HashBlob;
  readonly #known = new Map<number, Hashed>();
  readonly #running = new Set<number>();
  #scope = new AbortController();

  constructor({ hash }: { hash: HashBlob }) {
    this.#hash = hash;
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
   * @throws {Error} When the file can no longer be read.
   */
  async hash(partNumber: number, part: Blob): Promise<Uint8Array | null> {
    const { signal } = this.#scope;
    this.#running.add(partNumber);
    try {
      const hashed = await this.#hash(part, signal);
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
    this.#known.delete(partNumber);
  }

  clear(): void {
    this.#scope.abort(LET_GO);
    this.#scope = new AbortController();
    this.#known.clear();
    this.#running.clear();
  }
}
