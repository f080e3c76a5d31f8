import type { FlightRecord } from "@audiotricks/uppy-spaces";

/** What is over stays the same object, unless it was tried again since: that may begin and end between two readings. */
export function newerRecord(shown: FlightRecord | null, next: FlightRecord | null): FlightRecord | null {
  const isSame = shown?.phase === "over" && next?.phase === "over" && eventsOf(shown) === eventsOf(next);
  return isSame ? shown : next;
}

/** Long records drop their first events. */
function eventsOf({ events, droppedEvents }: FlightRecord): number {
  return events.length + droppedEvents;
}
