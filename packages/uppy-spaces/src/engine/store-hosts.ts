/** Attempts in a row that a host name is given before it counts as out of reach. */
const ENOUGH_FAILURES = 2;

/**
 * The host names by which the store can be reached, as this page gets on with them. A proxy or a policy may let one through
 * and not the other, and the browser says no more of it than of a broken network.
 */
export class StoreHosts {
  readonly #failures = new Map<string, number>();
  readonly #reached = new Set<string>();

  reached(origin: string): void {
    this.#reached.add(origin);
    this.#failures.delete(origin);
  }

  failed(origin: string): void {
    this.#failures.set(origin, (this.#failures.get(origin) ?? 0) + 1);
  }

  /** Never reached though tried, while another was. Where none is, the network is to blame. */
  isOutOfReach(origin: string): boolean {
    if (this.#reached.has(origin) || this.#reached.size === 0) return false;
    return (this.#failures.get(origin) ?? 0) >= ENOUGH_FAILURES;
  }

  outOfReach(): string[] {
    return [...this.#failures.keys()].filter((origin) => this.isOutOfReach(origin));
  }
}

/** Scheme, host and port; "" of what is no absolute URL. */
export function originOf(url: string): string {
  return /^[a-z]+:\/\/[^/?#]+/.exec(url)?.[0] ?? "";
}
