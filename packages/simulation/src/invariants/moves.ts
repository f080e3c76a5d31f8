import type { MoveRow } from "../site/snapshot.ts";
import { COUNTED, type Invariant } from "./truth.ts";

export const ENDED_MOVES: readonly string[] = ["cleared", "dropped"];
/** For so long links of before lead to the old object. */
const LINK_MS = 300_000;

const NEXT: Readonly<Record<string, readonly string[]>> = {
  pending: ["copying", "dropping"],
  copying: ["failed", "moved", "dropping"],
  failed: ["copying", "dropping"],
  moved: ["cleared"],
  dropping: ["dropped"],
  cleared: [],
  dropped: [],
};

/**
 * 19: a file's row names another bucket only by a move that has come so far, and what the row named before stays as long as somebody
 * may have a link to it.
 */
export const moves: Invariant = ({ now, before, buckets }) => {
  const wrongs: string[] = [];
  const files = new Map(now.files.map((file) => [file.id, file]));
  const byFile = Map.groupBy(now.moves, ({ file }) => file);
  for (const { id, provider, status } of before?.files ?? []) {
    const file = files.get(id);
    if (file === undefined || file.provider === provider || !COUNTED.includes(status)) continue;
    const isMoved = ({ from, to, moved_ms_ago }: MoveRow) =>
      from === provider && to === file.provider && moved_ms_ago !== null;
    if (byFile.get(id)?.some(isMoved) !== true)
      wrongs.push(`19: ${file.key} is in another bucket, and nothing has moved it`);
  }
  const earlier = new Map(before?.moves.map(({ id, state }) => [id, state]));
  for (const { id, file, from, key, state, moved_ms_ago: movedMsAgo } of now.moves) {
    const was = earlier.get(id);
    if (was !== undefined && was !== state && NEXT[was]?.includes(state) !== true)
      wrongs.push(`19: the move ${id} of ${key} was ${was} and is ${state} now`);
    const isPromised = COUNTED.includes(files.get(file)?.status ?? "");
    const isLinked = movedMsAgo !== null && movedMsAgo < LINK_MS;
    if (isPromised && isLinked && buckets.of(from).store.find(key) === undefined)
      wrongs.push(`19: ${key} is gone from where links lead to, ${movedMsAgo} ms after it moved`);
  }
  return wrongs;
};
