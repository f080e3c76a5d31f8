import type { Site } from "../site/site.ts";
import { type Snapshot, takeSnapshot } from "../site/snapshot.ts";
import { atTheEnd } from "./at-the-end.ts";
import { AT_EVERY_COMMIT } from "./index.ts";

/** Holds the invariants against every commit, as it happens. */
export class Watch {
  readonly #site: Site;
  readonly #promised = new Map<string, string>();
  #before: Snapshot | undefined;
  wrongs: string[] = [];
  looks = 0;

  constructor(site: Site) {
    this.#site = site;
    site.database.afterCommit = () => this.#look();
  }

  get isBroken(): boolean {
    return this.wrongs.length > 0 || this.#site.wrongs.length > 0;
  }

  async #look(): Promise<void> {
    const { database, store, buckets, ledger, receiver } = this.#site;
    if (this.isBroken) return;
    this.looks++;
    const now = await takeSnapshot(database);
    const truth = { now, before: this.#before, store, buckets, ledger, receiver, promised: this.#promised };
    this.wrongs.push(...AT_EVERY_COMMIT.flatMap((invariant) => invariant(truth)));
    this.#before = now;
  }

  /** Looks no more. */
  rest(): void {
    this.#site.database.afterCommit = () => Promise.resolve();
  }

  /** When nothing is left to do. */
  async end(): Promise<void> {
    await this.#look();
    if (this.isBroken || this.#before === undefined) return;
    this.wrongs.push(...atTheEnd(this.#site, this.#before));
  }
}
