/** Read from the disk at once: fewer and larger reads cost less. */
const READ_SIZE = 1024 * 1024;
/** Windows this far ahead of the place that is decoded are let go of, and read again when it is their turn: memory is bounded. */
const KEPT_AHEAD = 12 * 1024 * 1024;
/** What lies this far ahead of all that was read is looked up, as an M4A's table at its end: nobody waits until it is sent. */
const FAR_AHEAD = 4 * 1024 * 1024;

/** Bytes of a file that somebody has read, or `null` where there was no room to hand them on. */
export interface Window {
  offset: number;
  size: number;
  bytes: Uint8Array | null;
}

type Range = readonly [start: number, end: number];

/**
 * One file as it is read by whoever uploads it: its windows in whatever order they come, for one who wants bytes in their order, or any.
 * From the disk is read what nobody handed on, and all the rest once nobody is going to read it (`finish`).
 */
export class FileFeed {
  readonly #file: Blob;
  readonly #giveBack: (bytes: number) => void;
  readonly #held = new Map<number, Uint8Array>();
  /** Had, or let go of: to be read from the disk. */
  #gone: Range[] = [];
  #position = 0;
  #seen = 0;
  #isFinished = false;
  #isClosed = false;
  #keptAhead = KEPT_AHEAD;
  #last: { start: number; bytes: Uint8Array } | null = null;
  #change = Promise.withResolvers<void>();

  /** @param giveBack Bytes that were handed on and are no longer held. */
  constructor(file: Blob, giveBack: (bytes: number) => void) {
    this.#file = file;
    this.#giveBack = giveBack;
  }

  get size(): number {
    return this.#file.size;
  }

  /** The byte up to which was read last. */
  get position(): number {
    return this.#position;
  }

  get isFinished(): boolean {
    return this.#isFinished;
  }

  /** With the next window, or the end of them. */
  changed(): Promise<void> {
    return this.#change.promise;
  }

  arrived({ offset, size, bytes }: Window): void {
    this.#seen = Math.max(this.#seen, offset + size);
    // After a retry it comes once more.
    const isKnown =
      this.#held.has(offset) || this.#gone.some(([start, end]) => start <= offset && offset < end);
    const isWanted = !this.#isClosed && !isKnown && offset <= this.#position + this.#keptAhead;
    if (bytes !== null && isWanted) this.#held.set(offset, bytes);
    else {
      if (bytes !== null) this.#giveBack(bytes.length);
      this.#gone.push([offset, offset + size]);
    }
    this.#tell();
  }

  /** Nobody reads it any more: what is missing is read here. */
  finish(): void {
    this.#isFinished = true;
    this.#tell();
  }

  close(): void {
    this.#isClosed = true;
    for (const bytes of this.#held.values()) this.#giveBack(bytes.length);
    this.#held.clear();
    this.#last = null;
    this.finish();
  }

  /** Whoever reads on takes windows in any order, and so at once. */
  takeAny(): void {
    this.#keptAhead = Number.POSITIVE_INFINITY;
  }

  /** Any window there is, no longer held by this; to be called until there is none. */
  take(): { offset: number; bytes: Uint8Array } | null {
    for (const [offset, bytes] of this.#held) {
      this.#held.delete(offset);
      this.#giveBack(bytes.length);
      return { offset, bytes };
    }
    return null;
  }

  /**
   * These bytes, fewer at the end of the file. Waits for whoever uploads the file to read them.
   *
   * @throws When the file can no longer be read, or nobody wants it any more.
   */
  async read(start: number, end: number): Promise<Uint8Array> {
    const until = Math.min(end, this.size);
    const bytes = new Uint8Array(Math.max(0, until - start));
    for (let at = start; at < until; ) {
      if (this.#isClosed) throw new Error("Nobody wants it any more");
      const held = this.#find(at);
      if (held !== null) {
        const piece = held.bytes.subarray(at - held.offset, until - held.offset);
        bytes.set(piece, at - start);
        at += piece.length;
        if (at === held.offset + held.bytes.length) this.#release(held);
        continue;
      }
      const limit = this.#mayRead(at, until);
      if (limit <= at) {
        await this.changed();
        continue;
      }
      const piece = await this.#fromDisk(at, limit);
      bytes.set(piece, at - start);
      at += piece.length;
    }
    this.#position = until;
    return bytes;
  }

  #find(at: number): { offset: number; bytes: Uint8Array } | null {
    for (const [offset, bytes] of this.#held)
      if (offset <= at && at < offset + bytes.length) return { offset, bytes };
    return null;
  }

  #release({ offset, bytes }: { offset: number; bytes: Uint8Array }): void {
    this.#held.delete(offset);
    this.#giveBack(bytes.length);
    this.#gone.push([offset, offset + bytes.length]);
  }

  /** Up to where the disk is to be read; no further than `at` while somebody else is going to. */
  #mayRead(at: number, until: number): number {
    if (this.#isFinished || at > Math.max(this.#position, this.#seen) + FAR_AHEAD) return until;
    const gone = this.#gone.find(([start, end]) => start <= at && at < end);
    return gone === undefined ? at : Math.min(until, gone[1]);
  }

  async #fromDisk(at: number, limit: number): Promise<Uint8Array> {
    let last = this.#last;
    if (last === null || at < last.start || at >= last.start + last.bytes.length) {
      const buffer = await this.#file.slice(at, at + READ_SIZE).arrayBuffer();
      last = { start: at, bytes: new Uint8Array(buffer) };
      this.#last = last;
    }
    const piece = last.bytes.subarray(at - last.start, limit - last.start);
    if (piece.length === 0) throw new Error("The file is shorter than it was");
    return piece;
  }

  #tell(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers<void>();
  }
}
