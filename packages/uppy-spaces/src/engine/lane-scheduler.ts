/** What one file asks of the lanes. */
export interface LaneClaim {
  id: string;
  /** PUTs of this file under way. */
  inFlight: number;
  /** PUTs the store takes at once for one object. */
  maxInFlight: number;
  /** Parts that could be sent this moment, in order. */
  ready: readonly ReadyPart[];
}

export interface ReadyPart {
  partNumber: number;
  /** Which host it goes to. */
  origin: string;
}

export interface Lanes {
  lanes: number;
  /** PUTs under way by host; none goes to a host that has `perHost` of them. */
  busyHosts?: ReadonlyMap<string, number>;
  /** Connections a browser opens to one host: what is begun beyond them only waits in its queue, ahead of what comes after. */
  perHost?: number;
}

/**
 * Which parts get the free lanes. Files come in the order in which they were begun; among the first as many files as there
 * are lanes, whoever has fewest PUTs under way goes next. So a few large files share, and of a thousand small ones the
 * first are through before the last are begun.
 */
export function assignLanes(
  claims: readonly LaneClaim[],
  { lanes, busyHosts, perHost = Number.POSITIVE_INFINITY }: Lanes,
): { id: string; partNumber: number }[] {
  let free = lanes - claims.reduce((sum, claim) => sum + claim.inFlight, 0);
  const contenders = claims
    .filter((claim) => claim.ready.length > 0)
    .slice(0, lanes)
    .map(({ id, inFlight, maxInFlight, ready }) => ({ id, maxInFlight, busy: inFlight, left: [...ready] }));
  const busy = new Map(busyHosts);
  const hasRoom = ({ origin }: ReadyPart) => (busy.get(origin) ?? 0) < perHost;
  const assigned: { id: string; partNumber: number }[] = [];
  for (; free > 0; free -= 1) {
    let best: (typeof contenders)[number] | undefined;
    for (const claim of contenders) {
      if (claim.busy >= claim.maxInFlight || (best !== undefined && claim.busy >= best.busy)) continue;
      if (claim.left.some(hasRoom)) best = claim;
    }
    const index = best?.left.findIndex(hasRoom) ?? -1;
    const part = best?.left[index];
    if (best === undefined || part === undefined) break;
    best.left.splice(index, 1);
    best.busy += 1;
    busy.set(part.origin, (busy.get(part.origin) ?? 0) + 1);
    assigned.push({ id: best.id, partNumber: part.partNumber });
  }
  return assigned;
}
