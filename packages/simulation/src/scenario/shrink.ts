import { type Climate, FAULT_KINDS } from "../world/climate.ts";
import type { Scenario } from "./scenario.ts";

/**
 * Makes a scenario that fails smaller, as long as it goes on failing: without kinds of faults, then without operations,
 * at first many at once. Nothing that is left depends on what was taken away, since each operation brings its own luck.
 * fast-check's own way, from one list to slightly shorter ones, takes hours for hundreds of operations.
 */
export async function shrink(
  failing: Scenario,
  stillFails: (scenario: Scenario) => Promise<boolean>,
  isOutOfTime: () => boolean,
): Promise<Scenario> {
  let smallest = failing;
  const attempt = async (scenario: Scenario): Promise<boolean> => {
    if (isOutOfTime() || !(await stillFails(scenario))) return false;
    smallest = scenario;
    return true;
  };

  for (let size = Math.ceil(smallest.operations.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let end = smallest.operations.length; end > 0; end -= size) {
      const operations = smallest.operations.toSpliced(Math.max(0, end - size), Math.min(size, end));
      await attempt({ ...smallest, operations });
    }
  }
  const kinds = FAULT_KINDS.filter((kind) => smallest.climate[kind] > 0);
  if (!(await attempt({ ...smallest, climate: without(smallest.climate, kinds) }))) {
    for (const kind of kinds) await attempt({ ...smallest, climate: without(smallest.climate, [kind]) });
  }
  for (let end = smallest.operations.length; end > 0; end--) {
    await attempt({ ...smallest, operations: smallest.operations.toSpliced(end - 1, 1) });
  }
  return smallest;
}

function without(climate: Climate, kinds: readonly string[]): Climate {
  return { ...climate, ...Object.fromEntries(kinds.map((kind) => [kind, 0])) };
}
