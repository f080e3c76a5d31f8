/** A stream of numbers that a name decides: what another stream takes changes nothing here. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  chance(likelihood: number): boolean;
  /** A whole number in [0, below). */
  below(below: number): number;
  between(least: number, most: number): number;
  /** Seldom large: most waits are short, and some very long. */
  skewed(least: number, most: number): number;
  pick<T>(from: readonly T[]): T | undefined;
}

export function randomOf(name: string): Random {
  let state = hash(name);
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (most: number) => Math.floor(next() * most);
  return {
    next,
    chance: (likelihood) => likelihood > 0 && next() < likelihood,
    below,
    between: (least, most) => least + next() * (most - least),
    skewed: (least, most) => least + next() ** 6 * (most - least),
    pick: (from) => from[below(from.length)],
  };
}

function hash(name: string): number {
  let state = 2_166_136_261;
  for (let index = 0; index < name.length; index++) {
    state = Math.imul(state ^ name.charCodeAt(index), 16_777_619);
  }
  return state ^ (state >>> 13);
}
