import { parseArgs } from "node:util";
import { huntMutants } from "./mutants/hunt.ts";
import { getMutant, putIn } from "./mutants/put-in.ts";
import { takeOver } from "./world/take-over-process.ts";

const { values } = parseArgs({
  options: {
    /** How many seeds, from `from` on. */
    runs: { type: "string" },
    from: { type: "string", default: "1" },
    /** This one alone, with all that is known of it. */
    seed: { type: "string" },
    /** Seconds after which no further seed is begun. */
    seconds: { type: "string" },
    /** Writes down how far it got in `results/`, goes on from there the next time, and past seeds that fail. */
    keep: { type: "boolean", default: false },
    mutants: { type: "boolean", default: false },
    mutant: { type: "string" },
  },
});

if (values.mutants) process.exitCode = await huntMutants(values.runs ?? "150", values.mutant);
else {
  const mutant = values.mutant === undefined ? undefined : getMutant(values.mutant);
  if (mutant !== undefined) putIn(mutant);
  takeOver();
  // Only now: what it imports sees the simulation's clock, and the mutant's source.
  const { run } = await import("./run.ts");
  process.exitCode = await run({ ...values, mutant });
}
