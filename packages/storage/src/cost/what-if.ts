import { billMonth } from "./bill.ts";
import { type Micros, type Price, priceOf } from "./price.ts";
import { multiply } from "./share-out.ts";
import type { PricedProvider, StorageUse } from "./use.ts";

const GIB = 1024n ** 3n;

/** What of one bucket a rule would move to cold storage. Bytes are as they are paid for. */
export interface Movable {
  provider: PricedProvider;
  files: number;
  /** All that is held there and is not cold. */
  heldBytes: bigint;
  movedBytes: bigint;
  /** Of those moved, what was fetched within the last month: it may be expected to be fetched again. */
  fetchedBytes: bigint;
  /** Byte-hours that would be paid for after their end, because they end before cold storage lets them go. */
  remainderByteHours: bigint;
}

export interface WhatIf {
  providerId: string;
  files: number;
  movedBytes: bigint;
  /** A month, of all there is in this bucket's vendor: as it is, and as it would be. */
  before: Micros;
  after: Micros;
  /** Among `after`: fetching what was fetched in the last month, and what leaves too soon. */
  retrieval: Micros;
  remainder: Micros;
  /** Once: the bytes go out through a server, because stores do not copy between classes. No allowance is taken off. */
  moving: Micros;
}

/** @returns `undefined` where it is not known what it costs, or where there is no cold storage. */
export function whatIf(
  movable: Movable,
  prices: readonly Price[],
  month: { name: string; hours: number },
): WhatIf | undefined {
  const { provider, files, heldBytes, movedBytes, fetchedBytes, remainderByteHours } = movable;
  const price = priceOf(prices, { ...provider, month: month.name });
  if (price?.cold == null) return undefined;
  const costOf = (standard: bigint, cold: bigint) => {
    const use = (storageClass: StorageUse["storageClass"], bytes: bigint): StorageUse => {
      const byteHours = bytes * BigInt(month.hours);
      return { providerId: provider.id, workspaceId: null, kind: "files", storageClass, byteHours };
    };
    const storage = [use("standard", standard), use("cold", cold)];
    const { charges } = billMonth({ storage, traffic: [] }, [provider], prices, {
      ...month,
      hoursPassed: month.hours,
    });
    return charges.reduce((sum, { micros }) => sum + micros, 0n);
  };
  const retrieval = multiply(fetchedBytes, BigInt(price.cold.retrievalPerGib), GIB);
  const remainder = multiply(remainderByteHours, BigInt(price.cold.perGib), GIB * BigInt(month.hours));
  return {
    providerId: provider.id,
    files,
    movedBytes,
    before: costOf(heldBytes, 0n),
    after: costOf(heldBytes - movedBytes, movedBytes) + retrieval + remainder,
    retrieval,
    remainder,
    moving: multiply(movedBytes, BigInt(price.egressPerGib), GIB),
  };
}
