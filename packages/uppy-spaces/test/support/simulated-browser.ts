import type { TabChannel } from "../../src/engine/tab-talk.ts";
import type { SimulatedCloud } from "./simulated-cloud.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** What the tabs of one browser share. */
export interface SimulatedBrowser {
  clock: VirtualClock;
  cloud: SimulatedCloud;
  random: () => number;
  /** The storage of the origin. */
  values: Map<string, string>;
  locks: SimulatedLocks;
  air: SimulatedAir;
}

interface Request {
  tab: AbortSignal;
  name: string;
  grant: () => void;
}

type Callback = (lock: Lock | null) => unknown;
type Locks = Pick<LockManager, "request" | "query">;

/** Web Locks in the time of the test: a tab that dies loses all of its own, held and asked for. */
export class SimulatedLocks {
  readonly #held = new Map<string, AbortSignal>();
  #queue: Request[] = [];
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  /** As a tab sees them. @param tab Aborted when it dies. */
  of(tab: AbortSignal): LockManager {
    tab.addEventListener("abort", () => {
      this.#queue = this.#queue.filter((request) => request.tab !== tab);
      for (const [name, holder] of this.#held) if (holder === tab) this.#release(name, tab);
    });
    const request = (name: string, ...rest: [Callback] | [LockOptions, Callback]) =>
      this.#request(tab, name, rest.length === 1 ? {} : rest[0], rest[rest.length - 1] as Callback);
    const query = async () => {
      const held = [...this.#held.keys()].map((name) => ({ name, mode: "exclusive" as const, clientId: "" }));
      // The answer is a moment old when it is there.
      await new Promise<void>((resolve) => void this.#clock.after(1, resolve));
      return { held, pending: [] };
    };
    return { request: request as Locks["request"], query };
  }

  #request(tab: AbortSignal, name: string, options: LockOptions, run: Callback): Promise<unknown> {
    if (tab.aborted) return new Promise(() => {});
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    if (options.ifAvailable && this.#held.has(name)) return Promise.resolve(run(null));
    const grant = () => {
      this.#held.set(name, tab);
      void (async () => {
        try {
          resolve(await run({ name, mode: "exclusive" }));
        } catch (error) {
          reject(error);
        }
        this.#release(name, tab);
      })();
    };
    const request = { tab, name, grant };
    options.signal?.addEventListener("abort", () => {
      if (!this.#queue.includes(request)) return;
      this.#queue = this.#queue.filter((other) => other !== request);
      reject(options.signal?.reason);
    });
    if (options.signal?.aborted) reject(options.signal.reason);
    else this.#queue.push(request);
    this.#next(name);
    return promise;
  }

  #release(name: string, holder: AbortSignal): void {
    if (this.#held.get(name) !== holder) return;
    this.#held.delete(name);
    this.#next(name);
  }

  #next(name: string): void {
    const request = this.#queue.find((waiting) => waiting.name === name);
    if (request === undefined || this.#held.has(name)) return;
    this.#queue = this.#queue.filter((other) => other !== request);
    request.grant();
  }
}

/** What tabs say to one another: a moment late, and never to a dead one. */
export class SimulatedAir {
  readonly #clock: VirtualClock;
  readonly #channels = new Set<TabChannel & { tab: AbortSignal }>();

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  open(tab: AbortSignal): TabChannel {
    const channel = {
      tab,
      onmessage: null as TabChannel["onmessage"],
      postMessage: (data: unknown) => {
        if (tab.aborted) return;
        this.#clock.after(1, () => {
          for (const other of this.#channels)
            if (other !== channel && !other.tab.aborted)
              other.onmessage?.(new MessageEvent("message", { data: structuredClone(data) }));
        });
      },
      close: () => void this.#channels.delete(channel),
    };
    this.#channels.add(channel);
    return channel;
  }
}
