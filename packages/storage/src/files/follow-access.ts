import { purgeCopies } from "../cdn/purge-copies.ts";
import type { StorageContext } from "../storage-context.ts";
import { type AccessChange, releaseAccess, settleAccess } from "./settle-access.ts";

/** Brings the store, and then the CDN, to where a row is; one that cannot be reached is the sweep's at once. */
export async function followAccess(context: StorageContext, change: AccessChange | undefined): Promise<void> {
  if (change === undefined) return;
  try {
    await settleAccess(context, change);
  } catch (error) {
    await releaseAccess(context, change);
    throw error;
  }
  if (change.direction === "closing") {
    const { failure } = await purgeCopies(context);
    if (failure !== undefined) context.onError(new Error(failure.message));
  }
}
