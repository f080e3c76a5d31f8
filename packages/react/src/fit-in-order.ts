/** What one scope still takes; `null` is no limit. Below zero where a limit was lowered. */
export interface Room {
  scope: "user" | "workspace";
  bytes: number | null;
  files: number | null;
}

/** What a file will take of every room: nothing where an unfinished upload of it has it reserved. */
export interface Demand {
  bytes: number;
  files: number;
}

/**
 * Which files fit into what is left, in the order given. One that does not fit keeps none of those after it out.
 *
 * @returns For each of `demands`, whether it fits beside those before it that do.
 */
export function fitInOrder(demands: readonly Demand[], rooms: readonly Room[]): boolean[] {
  let bytes = smallest(rooms.map((room) => room.bytes));
  let files = smallest(rooms.map((room) => room.files));
  return demands.map((demand) => {
    const takesNothing = demand.bytes === 0 && demand.files === 0;
    if (takesNothing) return true;
    if (demand.bytes > bytes || demand.files > files) return false;
    bytes -= demand.bytes;
    files -= demand.files;
    return true;
  });
}

function smallest(limits: readonly (number | null)[]): number {
  return Math.min(Number.POSITIVE_INFINITY, ...limits.filter((limit) => limit !== null));
}
