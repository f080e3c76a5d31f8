import { type Actor, createActor, type Running, runAs, running } from "./actor.ts";
import { realSetImmediate } from "./real-time.ts";

interface Event {
  at: number;
  order: number;
  /** `null`: nobody's; it happens whoever dies. */
  owner: Actor | null;
  who: Running;
  run: () => unknown;
  isCancelled: boolean;
}

/**
 * Simulated time. Everything that anybody waits for is an event here; the earliest happens next, and everything that
 * follows from it at once is through before the next. So one seed has one course, whatever the machine does.
 */
export class World {
  #now = 0;
  #order = 0;
  #events: Event[] = [];
  /** The network between everybody: it outlives those who sent. */
  readonly wire: Actor = createActor("wire");
  readonly #deaths = new Map<Actor, (() => unknown)[]>();
  happened = 0;

  /** Milliseconds since the beginning; never jumps. */
  get now(): number {
    return this.#now;
  }

  after(delayMs: number, run: () => unknown, owner: Actor | null = running().actor): () => void {
    const at = this.#now + Math.max(0, delayMs);
    const event = { at, order: this.#order++, owner, who: running(), run, isCancelled: false };
    push(this.#events, event);
    return () => {
      event.isCancelled = true;
    };
  }

  /** @param owner Who waits: if it dies meanwhile, this never ends. */
  sleep(delayMs: number, owner: Actor | null = running().actor): Promise<void> {
    return new Promise((resolve) => void this.after(delayMs, resolve, owner));
  }

  /** Ends all that an actor does. What it has sent is on its way. */
  async kill(actor: Actor): Promise<void> {
    if (actor.isDead) return;
    actor.isDead = true;
    for (const run of this.#deaths.get(actor) ?? []) await run();
    this.#deaths.delete(actor);
  }

  /** @returns Takes it back. */
  onDeath(actor: Actor, run: () => unknown): () => void {
    const all = this.#deaths.get(actor) ?? [];
    all.push(run);
    this.#deaths.set(actor, all);
    return () => {
      const index = all.indexOf(run);
      if (index >= 0) all.splice(index, 1);
    };
  }

  /** Lets everything happen that is due within `forMs`, and all of that time pass. */
  async pass(forMs: number): Promise<void> {
    const until = this.#now + forMs;
    await settled();
    for (;;) {
      const next = this.#events[0];
      if (next === undefined || next.at > until) break;
      await this.#happen(next);
    }
    this.#now = until;
  }

  /** Goes on until `isDone`, event by event. @returns Whether it was done before `mostMs` were over. */
  async passUntil(isDone: () => boolean, mostMs: number): Promise<boolean> {
    const until = this.#now + mostMs;
    await settled();
    while (!isDone()) {
      const next = this.#events[0];
      if (next === undefined || next.at > until) return false;
      await this.#happen(next);
    }
    return true;
  }

  async #happen(event: Event): Promise<void> {
    pop(this.#events);
    const { owner } = event;
    if (event.isCancelled || owner?.isDead) return;
    if (owner !== null && owner.stalledUntil > event.at) {
      event.at = owner.stalledUntil;
      push(this.#events, event);
      return;
    }
    this.#now = Math.max(this.#now, event.at);
    this.happened++;
    await runAs(event.who, event.run);
    await settled();
  }
}

/** Every promise that waits for nothing but other promises is through by then. */
function settled(): Promise<void> {
  return new Promise((resolve) => realSetImmediate(resolve));
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** A binary heap: thousands of leases are renewed in one run. */
function push(heap: Event[], event: Event): void {
  let index = heap.push(event) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent] as Event;
    if (!isBefore(event, above)) break;
    heap[index] = above;
    index = parent;
  }
  heap[index] = event;
}

function pop(heap: Event[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event)) child++;
    if (!isBefore(heap[child] as Event, last)) break;
    heap[index] = heap[child] as Event;
    index = child;
  }
  heap[index] = last;
}
