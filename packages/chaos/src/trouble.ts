import { setTimeout as delay } from "node:timers/promises";
import type { Ledger } from "./ledger.ts";
import type { Random } from "./random.ts";
import type { Store } from "./store.ts";
import type { Wire } from "./wire.ts";

/** Connections to the database break, now and then. */
export async function cutWires(
  wire: Wire,
  { random, signal }: { random: Random; signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    await delay(random.between(200, 4000), undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) wire.cut();
  }
}

/** The store is full for some seconds, and has room for longer. */
export async function fillStore(
  store: Store,
  { random, ledger, signal }: { random: Random; ledger: Ledger; signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    await delay(random.between(8_000, 25_000), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    await insist(() => store.fill(), { ledger, what: "filled" });
    ledger.count("store full");
    await delay(random.between(2_000, 6_000), undefined, { signal }).catch(() => undefined);
    await insist(() => store.makeRoom(), { ledger, what: "emptied" });
  }
}

const ATTEMPTS = 4;

/** Ceph's commands wait for gateways that were killed a moment ago, and give up. */
async function insist(
  work: () => Promise<void>,
  { ledger, what }: { ledger: Ledger; what: string },
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await work();
      return;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      ledger.count(`store ${what} at another attempt`);
    }
  }
}
