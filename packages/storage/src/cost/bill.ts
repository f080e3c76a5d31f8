import { billLines, type Item, shareBaseFee } from "./bill-lines.ts";
import type { Charge, ChargePart, Place } from "./charge.ts";
import { type Price, priceOf } from "./price.ts";
import { type PricedProvider, payerOf, type StorageUse, type TrafficUse } from "./use.ts";

const GIB = 1024n ** 3n;
const MILLION = 1_000_000n;

export interface Bill {
  charges: Charge[];
  /** What is there costs something, and nobody has said how much: no sum has it. */
  unpriced: PricedProvider[];
}

/**
 * What a month costs, or a part of it.
 *
 * All that is at one vendor is on one bill: one base fee (the highest of the regions in use, with its allowances), shared out by the byte-hours that
 * lie there; nobody's bytes first use up an allowance, so that everybody pays the same share of what is beyond it. Cold bytes have no allowance.
 *
 * @param month.hours All of the month, which a price of a GiB-month is for.
 * @param month.hoursPassed Those of them that are on the bill: the allowance of storage is for as many.
 */
export function billMonth(
  use: { storage: readonly StorageUse[]; traffic: readonly TrafficUse[] },
  providers: readonly PricedProvider[],
  prices: readonly Price[],
  month: { name: string; hours: number; hoursPassed: number },
): Bill {
  const priced = providers.map((provider) => ({
    provider,
    price: priceOf(prices, { ...provider, month: month.name }),
  }));
  const unpriced = priced.flatMap(({ provider, price }) => (price === undefined ? [provider] : []));
  const known = priced.flatMap(({ provider, price }) => (price === undefined ? [] : [{ provider, price }]));
  const charges = [...Map.groupBy(known, ({ provider }) => provider.providerName).values()].flatMap(
    (places) =>
      billVendor(
        places,
        use.storage.filter(({ providerId }) => places.some(({ provider }) => provider.id === providerId)),
        use.traffic.filter(({ providerId }) => places.some(({ provider }) => provider.id === providerId)),
        month,
      ),
  );
  return { charges, unpriced };
}

function billVendor(
  places: readonly Place[],
  storage: readonly StorageUse[],
  traffic: readonly TrafficUse[],
  month: { hours: number; hoursPassed: number },
): Charge[] {
  const priceAt = new Map(places.map(({ provider, price }) => [provider.id, price]));
  const account = places.map(({ price }) => price).reduce((a, b) => (b.baseFee > a.baseFee ? b : a));
  const gibMonth = GIB * BigInt(month.hours);
  const bytes = (of: (use: StorageUse) => boolean): Item[] =>
    storage.filter(of).map((use) => ({
      providerId: use.providerId,
      payer: payerOf(use),
      kind: use.kind,
      amount: use.byteHours,
    }));
  const flow = (of: (use: TrafficUse) => bigint): Item[] =>
    traffic.map((use) => ({
      providerId: use.providerId,
      payer: payerOf({ ...use, kind: "files" }),
      kind: null,
      amount: of(use),
    }));
  const lines = (part: ChargePart, items: Item[], rate: (price: Price) => number, unit: bigint, free = 0n) =>
    billLines(part, items, { priceAt, rate, unit, free });

  return [
    ...shareBaseFee(
      places,
      account,
      bytes(() => true),
      flow(({ egressBytes }) => egressBytes),
    ),
    ...lines(
      "storage",
      bytes(({ storageClass }) => storageClass === "standard"),
      ({ storagePerGib }) => storagePerGib,
      gibMonth,
      BigInt(account.storageAllowance) * BigInt(month.hoursPassed),
    ),
    ...lines(
      "cold",
      bytes(({ storageClass }) => storageClass === "cold"),
      // Where nothing is cold by the list, it is paid for as if it were not.
      ({ cold, storagePerGib }) => cold?.perGib ?? storagePerGib,
      gibMonth,
    ),
    ...lines(
      "egress",
      flow(({ egressBytes }) => egressBytes),
      ({ egressPerGib }) => egressPerGib,
      GIB,
      BigInt(account.egressAllowance),
    ),
    ...lines(
      "retrieval",
      flow(({ retrievedBytes }) => retrievedBytes),
      ({ cold }) => cold?.retrievalPerGib ?? 0,
      GIB,
    ),
    ...lines(
      "requests",
      flow(({ reads }) => reads),
      ({ readsPerMillion }) => readsPerMillion,
      MILLION,
    ),
    ...lines(
      "requests",
      flow(({ writes }) => writes),
      ({ writesPerMillion }) => writesPerMillion,
      MILLION,
    ),
  ];
}
