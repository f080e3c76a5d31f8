import { AsyncLocalStorage } from "node:async_hooks";
import type { Random } from "./random.ts";

/** A process of its own: a server, a browser page, the store. What it waits for ends with it. */
export interface Actor {
  readonly name: string;
  isDead: boolean;
  /** Nothing of it runs before this moment: a machine that was suspended, or is busy with something else. */
  stalledUntil: number;
  /** How far its wall clock is off, in milliseconds. What counts waits never is. */
  wallOffsetMs: number;
}

export function createActor(name: string): Actor {
  return { name, isDead: false, stalledUntil: 0, wallOffsetMs: 0 };
}

/** PostgreSQL itself: nothing of it goes on while nobody asks. */
export const DATABASE: Actor = createActor("database");

/** Who runs right now, and where its luck comes from. */
export interface Running {
  actor: Actor;
  random: Random;
}

const storage = new AsyncLocalStorage<Running>();

export function running(): Running {
  const now = storage.getStore();
  if (now === undefined) throw new Error("Nobody runs: this must be called by an actor of the simulation.");
  return now;
}

export function runningOrNobody(): Running | undefined {
  return storage.getStore();
}

/** Runs as somebody; whatever follows from it does, too. */
export function runAs<T>(who: Running, run: () => T): T {
  return storage.run(who, run);
}
