import { registerHooks } from "node:module";
import type { Edit, Mutant } from "./mutant.ts";
import { OF_EXPORTS } from "./of-exports.ts";
import { OF_GROUPS } from "./of-groups.ts";
import { OF_OWNERS_AND_EVENTS } from "./of-owners-and-events.ts";
import { OF_PLACES } from "./of-places.ts";
import { OF_THE_SPECIFICATION } from "./of-the-specification.ts";
import { OF_WHAT_IS_DONE_BY_HAND } from "./of-what-is-done-by-hand.ts";
import { TRAPS } from "./traps.ts";

export const MUTANTS: readonly Mutant[] = [
  ...OF_THE_SPECIFICATION,
  ...TRAPS,
  ...OF_OWNERS_AND_EVENTS,
  ...OF_WHAT_IS_DONE_BY_HAND,
  ...OF_PLACES,
  ...OF_EXPORTS,
  ...OF_GROUPS,
];

export function getMutant(name: string): Mutant {
  const mutant = MUTANTS.find((one) => one.name === name);
  if (mutant === undefined)
    throw new Error(`There is no mutant ${name}: ${MUTANTS.map((one) => one.name).join(", ")}`);
  return mutant;
}

/** Changes our source as it is loaded from now on. An edit that finds nothing to change ends the run. */
export function putIn({ edits = [] }: Mutant): void {
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context);
      const mine = edits.filter(({ file }) => url.endsWith(file));
      if (mine.length === 0 || loaded.source === undefined || loaded.source === null) return loaded;
      const text =
        typeof loaded.source === "string" ? loaded.source : new TextDecoder().decode(loaded.source);
      return { ...loaded, source: mine.reduce(change, text) };
    },
  });
}

function change(text: string, { file, from, to }: Edit): string {
  if (!text.includes(from))
    throw new Error(`${file} has changed: there is no ${JSON.stringify(from)} in it any more.`);
  return text.replace(from, () => to);
}
