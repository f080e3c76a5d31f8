/** What one file asks of the lanes. */
export interface LaneClaim {
  id: string;
  /** PUTs of this file under way. */
  inFlight: number;
  /** PUTs the store takes at once for one object. */
  maxInFlight: number;
  /** Parts that could be sent this moment, in order. */
  ready: readonly number[];
}

/**
 * Which parts get the free lanes. Files come in the order in which they were begun; among the first as many files as there
 * are lanes, whoever has fewest PUTs under way goes next. So a few large files share, and of a thousand small ones the
 * first are through before the last are begun.
 */
export function assignLanes(
  claims: readonly LaneClaim[],
  lanes: number,
): { id: string; partNumber: number }[] {
  let free = lanes - claims.reduce((sum, claim) => sum + claim.inFlight, 0);
  const contenders = claims
    .filter((claim) => claim.ready.length > 0)
    .slice(0, lanes)
    .map((claim) => ({ ...claim, taken: 0 }));
  const assigned: { id: string; partNumber: number }[] = [];
  while (free > 0) {
    let best: (typeof contenders)[number] | undefined;
    for (const claim of contenders) {
      const busy = claim.inFlight + claim.taken;
      if (claim.taken >= claim.ready.length || busy >= claim.maxInFlight) continue;
      if (best === undefined || busy < best.inFlight + best.taken) best = claim;
    }
    const partNumber = best?.ready[best.taken];
    if (best === undefined || partNumber === undefined) break;
    assigned.push({ id: best.id, partNumber });
    best.taken += 1;
    free -= 1;
  }
  return assigned;
}
