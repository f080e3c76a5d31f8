import fc from "fast-check";
import type { Mutant } from "./mutants/mutant.ts";
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
  mutant?: Mutant | undefined;
}

/** Lives through one seed after the other until one fails, which it makes small and tells of. @returns The exit code. */
export async function run({ mutant, ...options }: RunOptions): Promise<number> {
  await using shared = await openSharedDatabase(mutant?.sql);
  await warmUp(shared);
  const first = Number(options.seed ?? options.from);
  const count = options.seed === undefined ? Number(options.runs ?? 50) : 1;
  const until = realNow() + 1000 * Number(options.seconds ?? Number.POSITIVE_INFINITY);
  const total = { seeds: 0, operations: 0, faults: 0, storeCalls: 0, statements: 0, stored: 0, looks: 0 };
  const begin = realNow();
  for (let seed = first; seed < first + count && realNow() < until; seed++) {
    const course = courseOf(seed);
    const life = await live(course, shared);
    total.seeds++;
    total.operations += life.operations;
    total.storeCalls += life.storeCalls;
    total.statements += life.statements;
    total.stored += life.stored;
    total.looks += life.looks;
    for (const number of life.faults.values()) total.faults += number;
    if (options.seed !== undefined) say(life);
    if (life.wrongs.length > 0) {
      say(`seed ${seed}: ${life.wrongs.join("\n  ")}`);
      if (mutant === undefined) await tellOf(seed, shared);
      return 1;
    }
    if ((seed - first) % AGAIN_EVERY === 0) {
      const again = await live(course, shared);
      if (again.fingerprint !== life.fingerprint) {
        say(`seed ${seed} has two courses: ${life.fingerprint} and ${again.fingerprint}`);
        return 1;
      }
    }
  }
  say(`no violation in ${((realNow() - begin) / 1000).toFixed(1)} s`, total);
  return 0;
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
