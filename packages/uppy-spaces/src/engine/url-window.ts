import type { PartUrl } from "@audiotricks/protocol/messages";
import type { Clock } from "./clock.ts";
import { originOf, type StoreHosts } from "./store-hosts.ts";

export interface SignedUrl extends PartUrl {
  origin: string;
}

/** Signed URLs of one session, each with the moment from which on it is not used any more. */
export class UrlWindow {
  readonly #clock: Clock;
  readonly #hosts: StoreHosts;
  readonly #urls = new Map<number, { url: SignedUrl; staleAt: number; isOnlyOne: boolean }>();

  constructor(clock: Clock, hosts: StoreHosts) {
    this.#clock = clock;
    this.#hosts = hosts;
  }

  /**
   * @param askedAt When the request was sent, on the clock of this window: the answer's own way here has used up some of
   *   `expiresIn` already. Half of it is kept as a margin, so that a slow PUT still begins with a valid URL.
   * @param avoided Origins that the companion was asked to avoid. One that it gives all the same is the bucket's only one: to ask
   *   again would bring no other.
   */
  add(urls: readonly PartUrl[], askedAt: number, avoided: readonly string[] = []): void {
    for (const url of urls) {
      const origin = originOf(url.url);
      this.#urls.set(url.partNumber, {
        url: { ...url, origin },
        staleAt: askedAt + (url.expiresIn * 1000) / 2,
        isOnlyOne: avoided.includes(origin),
      });
    }
  }

  /** A URL that may be used now. */
  find(partNumber: number): SignedUrl | null {
    const known = this.#urls.get(partNumber);
    if (known === undefined) return null;
    const { url, staleAt, isOnlyOne } = known;
    if (this.#clock.now() < staleAt && (isOnlyOne || !this.#hosts.isOutOfReach(url.origin))) return url;
    this.#urls.delete(partNumber);
    return null;
  }

  drop(partNumber: number): void {
    this.#urls.delete(partNumber);
  }

  clear(): void {
    this.#urls.clear();
  }

  /**
   * Part numbers to sign now: none while the next `ahead` parts all have a URL, else up to `most` that have none.
   *
   * @param todo Parts still to be sent, in the order in which they will be.
   */
  toSign(todo: Iterable<number>, { ahead, most }: { ahead: number; most: number }): number[] {
    const wanted: number[] = [];
    let seen = 0;
    for (const partNumber of todo) {
      if (seen >= ahead && wanted.length === 0) return [];
      if (wanted.length >= most) break;
      if (this.find(partNumber) === null) wanted.push(partNumber);
      seen += 1;
    }
    return wanted;
  }
}
