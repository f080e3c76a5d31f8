import type { StorageContext } from "../storage-context.ts";
import { readNow } from "./bill-of-month.ts";
import { findPrices } from "./find-prices.ts";
import { monthOf } from "./month.ts";
import { priceOf } from "./price.ts";

/** Where nobody knows better. */
export const MINIMUM_OBJECT_SIZE = 4096;

/** Least bytes that an object is paid for, by bucket. */
export async function findMinimums(context: StorageContext): Promise<{ id: string; size: number }[]> {
  const { db } = context;
  const month = monthOf(await readNow(context)).name;
  const prices = await findPrices(db);
  const providers = await db
    .selectFrom("storage_providers")
    .select(["id", "provider_name as providerName", "region"])
    .execute();
  return providers.map(({ id, ...place }) => {
    return { id, size: priceOf(prices, { ...place, month })?.minimumObjectSize ?? MINIMUM_OBJECT_SIZE };
  });
}
