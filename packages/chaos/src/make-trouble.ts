import { killAtRandom } from "./kill-at-random.ts";
import type { Site } from "./open-site.ts";
import { Random } from "./random.ts";
import { cutWires, fillStore } from "./trouble.ts";
import { gatewayVictim, postmasterVictim, serverVictim, sessionVictim } from "./victims.ts";

/** So many companions, and uploads get somewhere. */
const SERVING = 2;

/** Everything at once, until so much is killed or told to stop. Afterwards all of it is up again, whole and not full. */
export async function makeTrouble(
  site: Site,
  { kills, seed, signal }: { kills: number; seed: number; signal: AbortSignal },
): Promise<number> {
  const { ledger, postgres, store, wire, pool, companions, workers, toCompanions, toStore, receiver } = site;
  const ending = new AbortController();
  const until = AbortSignal.any([ending.signal, signal]);
  // Of a hundred.
  toCompanions.cutPercent = 3;
  toStore.cutPercent = 2;
  receiver.troublePercent = 5;
  const others = Promise.all([
    cutWires(wire, { random: new Random(seed, "wires"), signal: until }),
    fillStore(store, { random: new Random(seed, "full"), ledger, signal: until }),
  ]);
  others.catch(() => undefined);
  const random = new Random(seed, "kills");
  const groups = [
    ...companions.map((server) => [serverVictim("companion", server)]),
    ...workers.map((server) => [serverVictim("worker", server)]),
    [
      postmasterVictim(postgres, "SIGKILL"),
      postmasterVictim(postgres, "SIGQUIT"),
      sessionVictim(pool, random),
    ],
    ...(store.process === undefined ? [] : [[gatewayVictim(store.process)]]),
  ];
  const slaughter = await killAtRandom(groups, {
    random,
    ledger,
    kills,
    signal: until,
    isServing: () => companions.filter(({ url }) => url !== undefined).length >= SERVING,
  });
  ending.abort();
  toCompanions.cutPercent = 0;
  toStore.cutPercent = 0;
  receiver.troublePercent = 0;
  await Promise.all([others, slaughter.allUp()]);
  return slaughter.kills;
}
