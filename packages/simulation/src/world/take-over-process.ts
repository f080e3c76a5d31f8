import { createRequire, syncBuiltinESMExports } from "node:module";
import { DATABASE, runningOrNobody } from "./actor.ts";
import { type Random, randomOf } from "./random.ts";
import { RealDate } from "./real-time.ts";
import type { World } from "./world.ts";

/** In the night before Europe's clocks go forward, so that local days have 23 hours. */
const BEGINNING = RealDate.UTC(2026, 2, 28, 20);

let world: World | undefined;
let chance: Random = randomOf("nobody");
/** Apart from the other: how much of it PGlite takes depends on what it did before. */
const bytes: Random = randomOf("bytes");
let isTaken = false;
const realFetch = globalThis.fetch;

/** From now on time and chance are this world's; `undefined` gives the machine's back. */
export function enterWorld(next: World | undefined, seed: number): void {
  takeOver();
  world = next;
  chance = randomOf(`chance/${seed}`);
}

/** Who answers what the process fetches; `undefined` gives the machine's own back. */
export function answerFetches(fetch: typeof globalThis.fetch | undefined): void {
  globalThis.fetch = fetch ?? realFetch;
}

/** The moment by an actor's own wall clock. */
export function wallClock(offsetMs = 0): number {
  return momentOf((world?.now ?? 0) + offsetMs);
}

/** Since 1970, of a moment of the world. */
export function momentOf(at: number): number {
  return BEGINNING + Math.floor(at);
}

/**
 * Puts simulated time and chance in the place of the machine's, once: Date, timers, `performance.now`, random bytes and
 * UUIDs. PGlite asks the same Date and the same random bytes, so that SQL's `now()` and `gen_random_uuid()` follow.
 */
export function takeOver(): void {
  if (isTaken) return;
  isTaken = true;
  const require = createRequire(import.meta.url);
  const crypto = require("node:crypto") as Record<string, unknown>;
  const timers = require("node:timers/promises") as Record<string, unknown>;
  const real = {
    setTimeout,
    clearTimeout,
    setInterval,
    clearInterval,
    delay: timers.setTimeout as (ms?: number, value?: unknown, options?: object) => Promise<unknown>,
    now: performance.now.bind(performance),
    random: Math.random,
    fill: crypto.randomFillSync as (view: ArrayBufferView) => ArrayBufferView,
  };

  const fill = <View extends ArrayBufferView>(view: View): View => {
    if (world === undefined) return real.fill(view) as View;
    const all = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    for (let index = 0; index < all.length; index++) all[index] = bytes.below(256);
    return view;
  };
  const uuid = () => {
    const from = world === undefined ? bytes : chance;
    const hex = Buffer.from(Array.from({ length: 16 }, () => from.below(256))).toString("hex");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
  };
  crypto.randomFillSync = fill;
  crypto.randomUUID = uuid;
  timers.setTimeout = (ms?: number, value?: unknown, options?: object) =>
    world === undefined ? real.delay(ms, value, options) : world.sleep(ms ?? 0).then(() => value);
  globalThis.crypto.getRandomValues = fill as typeof globalThis.crypto.getRandomValues;
  globalThis.crypto.randomUUID = uuid as typeof globalThis.crypto.randomUUID;
  syncBuiltinESMExports();

  Math.random = () => (world === undefined ? real.random() : chance.next());
  performance.now = () => world?.now ?? real.now();
  const moment = () =>
    world === undefined ? RealDate.now() : wallClock(runningOrNobody()?.actor.wallOffsetMs ?? 0);
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [moment()] : args, newTarget) as object,
    apply: () => new RealDate(moment()).toString(),
    get: (target, name) => (name === "now" ? moment : Reflect.get(target, name)),
  });

  const realTimeout = AbortSignal.timeout.bind(AbortSignal);
  AbortSignal.timeout = (ms) => {
    if (world === undefined || runningOrNobody() === undefined) return realTimeout(ms);
    const controller = new AbortController();
    world.after(ms, () => controller.abort(new DOMException("The time is over.", "TimeoutError")));
    return controller.signal;
  };
  replaceTimer("setTimeout", real.setTimeout, (run, ms) => world?.after(ms, run));
  replaceTimer("setInterval", real.setInterval, (run, ms) => every(run, ms));
  const stop = (realStop: (timer: never) => void) => (timer: unknown) => {
    if (timer instanceof SimulatedTimer) timer.cancel();
    else realStop(timer as never);
  };
  globalThis.clearTimeout = stop(real.clearTimeout) as typeof clearTimeout;
  globalThis.clearInterval = stop(real.clearInterval) as typeof clearInterval;
}

class SimulatedTimer {
  readonly #start: () => (() => void) | undefined;
  #cancel: (() => void) | undefined;

  /** @param start Begins to wait; what it returns ends that. */
  constructor(start: () => (() => void) | undefined) {
    this.#start = start;
    this.#cancel = start();
  }

  cancel(): void {
    this.#cancel?.();
  }
  /** Waits anew, from now on. */
  refresh(): this {
    this.cancel();
    this.#cancel = this.#start();
    return this;
  }

  unref(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  hasRef(): boolean {
    return false;
  }
}

function replaceTimer(
  name: "setTimeout" | "setInterval",
  realTimer: (...args: never[]) => unknown,
  start: (run: () => unknown, ms: number) => (() => void) | undefined,
): void {
  const timer = (run: (...args: unknown[]) => unknown, ms = 0, ...args: unknown[]) => {
    const actor = runningOrNobody()?.actor;
    // PostgreSQL's own alarms are for its statistics.
    if (actor === DATABASE) return new SimulatedTimer(() => undefined);
    if (world === undefined || actor === undefined) return realTimer(...([run, ms, ...args] as never[]));
    // What a timer calls is nobody's to wait for.
    return new SimulatedTimer(() => start(() => void run(...args), ms));
  };
  globalThis[name] = timer as never;
}

function every(run: () => unknown, ms: number): () => void {
  let cancel = () => {};
  const again = () => {
    cancel =
      world?.after(ms, () => {
        again();
        run();
      }) ?? (() => {});
  };
  again();
  return () => cancel();
}
