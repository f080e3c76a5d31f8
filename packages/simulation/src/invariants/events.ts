import { MAX_ATTEMPTS } from "../actors/deliverer.ts";
import type { EventRow } from "../site/snapshot.ts";
import { COUNTED, type Invariant } from "./truth.ts";

/** What each state of a file has been told of, by the events that there are. */
const TOLD: readonly { type: string; states: readonly string[] }[] = [
  { type: "file.stored", states: [...COUNTED, "deleting", "deleted"] },
  { type: "file.deleted", states: ["deleted"] },
  { type: "upload.failed", states: ["failed"] },
];

/**
 * 17: exactly one event for each thing that happened to a file, none for what did not; delivered is what the receiver has
 * taken, dead what was tried often enough; and none is sent before those of the same file that came earlier are settled.
 */
export const events: Invariant = ({ now, before, receiver, ledger }) => {
  const wrongs = [...receiver.wrongs];
  const byKey = Map.groupBy(now.events, ({ key }) => key);
  const known = new Map(now.events.map((event) => [event.id, event]));
  for (const { id, status } of now.files) {
    const mine = byKey.get(`file:${id}`) ?? [];
    for (const { type, states } of TOLD) {
      const count = mine.filter((event) => event.type === type).length;
      if (count !== (states.includes(status) ? 1 : 0))
        wrongs.push(`17: file ${id} is ${status}, and has ${count} ${type}`);
    }
    if (isReleasedUnheld(mine)) wrongs.push(`17: file ${id} was told of as released, and was not held back`);
  }
  for (const { id } of before?.events ?? []) if (!known.has(id)) wrongs.push(`17: event ${id} is gone`);
  for (const { id, type, status, attempts } of now.events) {
    if (status === "delivered" && receiver.heard.get(id)?.takenAt == null)
      wrongs.push(`17: ${type} ${id} is said to be delivered, and nobody took it`);
    if (status === "dead" && attempts < MAX_ATTEMPTS)
      wrongs.push(`17: ${type} ${id} was given up after ${attempts} attempts`);
  }
  for (const { id, firstSentAt } of receiver.fresh.splice(0)) {
    const event = known.get(id);
    if (event === undefined) {
      wrongs.push(`17: event ${id} was sent, and is of nothing that happened`);
      continue;
    }
    const isSettled = (one: EventRow) =>
      (receiver.heard.get(one.id)?.takenAt ?? Infinity) <= firstSentAt ||
      (one.gave_up_at ?? Infinity) <= firstSentAt ||
      (ledger.givenUp.get(one.id) ?? Infinity) <= firstSentAt;
    const early = byKey.get(event.key)?.find((one) => one.sequence < event.sequence && !isSettled(one));
    if (early !== undefined)
      wrongs.push(`17: ${event.type} ${id} was sent before ${early.type} ${early.id} of ${event.key}`);
  }
  return wrongs;
};

/** A release comes after a quarantine, and once for each. */
function isReleasedUnheld(events: readonly EventRow[]): boolean {
  return events
    .filter(({ type }) => type === "file.quarantined" || type === "file.released")
    .sort((one, other) => one.sequence - other.sequence)
    .some(({ type }, index, all) => type === "file.released" && all[index - 1]?.type !== "file.quarantined");
}
