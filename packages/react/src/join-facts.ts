/** Between facts of one line. `Detail` takes them apart again, to keep each together. */
export const BETWEEN_FACTS = " · ";

/** Those facts that there are, in one line. */
export function joinFacts(facts: readonly (string | null)[]): string {
  return facts.filter((fact) => fact !== null).join(BETWEEN_FACTS);
}
