import fc from "fast-check";
import type { Mutant } from "./mutants/mutant.ts";
import { openSeedLog } from "./report/seed-log.ts";
import { say } from "./say.ts";
import { live } from "./scenario/live.ts";
import { type Scenario, scenario } from "./scenario/scenario.ts";
import { shrink } from "./scenario/shrink.ts";
import { warmUp } from "./scenario/warm-up.ts";
import { openSharedDatabase, type SharedDatabase } from "./site/shared-database.ts";
import { realNow } from "./world/real-time.ts";

/** So often a seed is lived through twice, to see that it has one course. */
const AGAIN_EVERY = 25;
const SHRINK_MS = 90_000;

export interface RunOptions {
  runs?: string | undefined;
  from: string;
  seed?: string | undefined;
  seconds?: string | undefined;
  keep?: boolean | undefined;
  mutant?: Mutant | undefined;
}

/** Lives through one seed after the other until one fails, which it makes small and tells of. @returns The exit code. */
export async function run({ mutant, ...options }: RunOptions): Promise<number> {
  await using shared = await openSharedDatabase(mutant?.sql);
  await warmUp(shared);
  const from = Number(options.seed ?? options.from);
  const until = from + (options.seed === undefined ? Number(options.runs ?? 50) : 1);
  const mostMs = 1000 * Number(options.seconds ?? Number.POSITIVE_INFINITY);
  const log = openSeedLog({ from, until }, { keeps: options.keep === true });
  const { results } = log;
  const begin = realNow();
  for (let seed = results.next; seed < until && realNow() - begin < mostMs; seed++) {
    const course = courseOf(seed);
    const life = await live(course, shared);
    const wrongs = [...life.wrongs];
    if (wrongs.length === 0 && (seed - from) % AGAIN_EVERY === 0) {
      const again = await live(course, shared);
      if (again.fingerprint !== life.fingerprint)
        wrongs.push(`it has two courses: ${life.fingerprint} and ${again.fingerprint}`);
    }
    log.add(seed, life, wrongs);
    if (options.seed !== undefined) say(life);
    if (wrongs.length === 0) continue;
    say(`seed ${seed}: ${wrongs.join("\n  ")}`);
    if (options.keep) continue;
    if (mutant === undefined) await tellOf(seed, shared);
    return 1;
  }
  log.save();
  const count = results.violations.length;
  say(
    `${count === 0 ? "no" : count} violations in ${((realNow() - begin) / 1000).toFixed(1)} s`,
    results.total,
    results.counts,
  );
  return count === 0 ? 0 : 1;
}

function courseOf(seed: number): Scenario {
  return fc.sample(scenario, { seed, numRuns: 1 })[0] as Scenario;
}

async function tellOf(seed: number, shared: SharedDatabase): Promise<void> {
  const until = realNow() + SHRINK_MS;
  let wrongs: string[] = [];
  const small = await shrink(
    courseOf(seed),
    async (course) => {
      const life = await live(course, shared);
      if (life.wrongs.length > 0) wrongs = life.wrongs;
      return life.wrongs.length > 0;
    },
    () => realNow() > until,
  );
  const { operations, climate, ...rest } = small;
  const faults = Object.fromEntries(Object.entries(climate).filter(([, chance]) => chance > 0));
  say("shrunk to", { ...rest, faults });
  for (const operation of operations) say(" ", JSON.stringify(operation));
  say(wrongs.join("\n"));
}
