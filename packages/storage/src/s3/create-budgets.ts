import type { StorageSettings } from "../settings.ts";
import type { BucketAddress } from "./bucket-address.ts";
import { bothBudgets, createRequestBudget, type RequestBudget } from "./request-budget.ts";

/** The budget of a bucket. */
export type Budgets = (
  address: Pick<BucketAddress, "endpoint" | "bucket">,
  limits: { bucket: number; client: number },
) => RequestBudget;

/**
 * One budget for each bucket, whatever keys it is reached with, and one for each store, whose limit for an address all its
 * buckets share. Processes do not know of each other: each keeps to its share.
 */
export function createBudgets(
  settings: Pick<StorageSettings, "storeRequestShare" | "storeRequestsPerSecond">,
): Budgets {
  const { storeRequestShare, storeRequestsPerSecond } = settings;
  const known = new Map<string, RequestBudget>();
  function budget(name: string, perSecond: number): RequestBudget {
    const found = known.get(name) ?? createRequestBudget(perSecond * storeRequestShare);
    known.set(name, found);
    return found;
  }
  return ({ endpoint, bucket }, limits) =>
    bothBudgets(
      budget(`${endpoint} ${bucket}`, storeRequestsPerSecond ?? limits.bucket),
      budget(endpoint, limits.client),
    );
}
