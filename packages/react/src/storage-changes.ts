import { compareItems } from "./compare-items.ts";
import type { UploadItem } from "./uploads-state.ts";

type Items = readonly UploadItem[];

/**
 * Whether quota, files or open uploads are others at the companion now: something was begun, ended or taken away. Pausing,
 * waiting and progress change nothing there.
 */
export function hasChangedStorage(before: Items, after: Items): boolean {
  return (
    compareItems(before, after).removed.length > 0 ||
    newStatuses(before, after).some(({ old, status: { status } }) => {
      if (status === "uploading") return old === undefined || old === "queued" || old === "creating";
      return status === "done" || status === "failed" || status === "cancelled";
    })
  );
}

function newStatuses(before: Items, after: Items) {
  const { added, changed } = compareItems(before, after);
  return [
    ...added.map(({ status }) => ({ old: undefined, status })),
    ...changed.map((pair) => ({ old: pair.before.status.status, status: pair.after.status })),
  ].filter(({ old, status }) => old !== status.status);
}
