/** An immutable set of part numbers, dense enough that one of 10,000 costs a copy of 10 kB. */
export class PartSet {
  readonly partCount: number;
  readonly size: number;
  readonly #flags: Uint8Array;
  /** Every part below is in the set. */
  readonly #firstMissing: number;

  private constructor(partCount: number, flags: Uint8Array, size: number, searchFrom: number) {
    let first = searchFrom;
    while (first <= partCount && flags[first - 1] === 1) first += 1;
    this.partCount = partCount;
    this.size = size;
    this.#flags = flags;
    this.#firstMissing = first;
  }

  static empty(partCount: number): PartSet {
    return new PartSet(partCount, new Uint8Array(partCount), 0, 1);
  }

  get isFull(): boolean {
    return this.size === this.partCount;
  }

  has(partNumber: number): boolean {
    return this.#flags[partNumber - 1] === 1;
  }

  with(partNumber: number): PartSet {
    if (partNumber < 1 || partNumber > this.partCount || this.has(partNumber)) return this;
    const flags = this.#flags.slice();
    flags[partNumber - 1] = 1;
    return new PartSet(this.partCount, flags, this.size + 1, this.#firstMissing);
  }

  without(partNumbers: Iterable<number>): PartSet {
    const flags = this.#flags.slice();
    let size = this.size;
    for (const partNumber of partNumbers) {
      if (flags[partNumber - 1] !== 1) continue;
      flags[partNumber - 1] = 0;
      size -= 1;
    }
    return size === this.size ? this : new PartSet(this.partCount, flags, size, 1);
  }

  /** Part numbers that are not in the set, in order. */
  *missing(): Generator<number> {
    for (let partNumber = this.#firstMissing; partNumber <= this.partCount; partNumber += 1) {
      if (!this.has(partNumber)) yield partNumber;
    }
  }
}
