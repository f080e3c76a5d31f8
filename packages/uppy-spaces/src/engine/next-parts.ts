import type { FileWork } from "./file-work.ts";
import type { ReadyPart } from "./lane-scheduler.ts";
import { todoParts } from "./upload-machine.ts";

/** The first parts still to be sent that are `ready`, in order. */
export function nextParts(
  { state, context, isClosed }: FileWork,
  most: number,
  ready: (partNumber: number) => ReadyPart | null,
): ReadyPart[] {
  const wanted: ReadyPart[] = [];
  if (state.status !== "sending" || state.isPaused || isClosed) return wanted;
  // Looking further than this would find only parts that no lane reaches soon.
  let left = 4 * context.lanes;
  for (const partNumber of todoParts(state.transfer)) {
    if (wanted.length >= most || left === 0) break;
    left -= 1;
    const part = ready(partNumber);
    if (part !== null) wanted.push(part);
  }
  return wanted;
}
