import { setTimeout as delay } from "node:timers/promises";
import type { Ledger } from "./ledger.ts";
import type { Random } from "./random.ts";
import type { Victim } from "./victims.ts";

export interface Slaughter {
  kills: number;
  /** What is down is up again when this is done. */
  allUp(): Promise<void>;
}

const LONGEST_LULL_MS = 20_000;

/**
 * Kills by chance, revives after a random while, until it has killed so many or is told to stop.
 *
 * @param options.isServing Whether there is somebody to upload to.
 */
export async function killAtRandom(
  groups: readonly (readonly Victim[])[],
  options: { random: Random; ledger: Ledger; kills: number; signal: AbortSignal; isServing: () => boolean },
): Promise<Slaughter> {
  const { random, ledger, kills, signal, isServing } = options;
  /** Of each group, as the two ways to kill one postmaster are, one is down at a time. */
  const down = new Map<readonly Victim[], Promise<void>>();
  const slaughter: Slaughter = {
    kills: 0,
    allUp: async () => {
      await Promise.all(down.values());
    },
  };
  const pause = (ms: number) => delay(ms, undefined, { signal }).catch(() => undefined);
  while (slaughter.kills < kills && !signal.aborted) {
    await pause(random.between(200, 1400));
    // Who kills only what lies on the ground learns nothing; but sometimes two go at once.
    if (random.chance(0.85))
      for (const deadline = Date.now() + LONGEST_LULL_MS; !signal.aborted && Date.now() < deadline; ) {
        if (down.size === 0 && isServing()) break;
        await pause(100);
      }
    const up = groups.filter((group) => !down.has(group));
    const choices = up.flatMap((group) =>
      group.map((victim) => [{ group, victim }, victim.weight()] as const),
    );
    if (choices.length === 0 || signal.aborted) continue;
    const { group, victim } = random.weighted(choices);
    const downMs = random.chance(0.6) ? random.between(0, 300) : random.between(300, 3000);
    const killed = await victim.kill();
    if (killed === undefined) continue;
    slaughter.kills++;
    ledger.count(`killed: ${killed}`);
    const reviving = delay(downMs)
      .then(() => victim.revive())
      .finally(() => down.delete(group));
    reviving.catch((error: unknown) =>
      ledger.wrong(`cannot start what was killed (${killed}): ${String(error)}`),
    );
    down.set(group, reviving);
  }
  return slaughter;
}
