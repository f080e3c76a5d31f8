import type { Charge, ChargePart, Place } from "./charge.ts";
import type { Micros, Price } from "./price.ts";
import { multiply, shareOut } from "./share-out.ts";

/** Something of somebody's at one place, by whatever it is measured. */
export type Item = Omit<Charge, "part" | "micros"> & { amount: bigint };

/** Rounds once for each region, and then shares out what that came to. */
export function billLines(
  part: ChargePart,
  items: readonly Item[],
  how: { priceAt: ReadonlyMap<string, Price>; rate: (price: Price) => number; unit: bigint; free: bigint },
): Charge[] {
  const byRate = [
    ...Map.groupBy(items, ({ providerId }) => {
      const price = how.priceAt.get(providerId);
      return price === undefined ? 0 : how.rate(price);
    }),
  ];
  const sums = byRate.map(([, ofRate]) => sumOf(ofRate));
  const all = sums.reduce((sum, amount) => sum + amount, 0n);
  if (all === 0n) return [];
  const beyond = shareOut(all > how.free ? all - how.free : 0n, sums);
  return byRate.flatMap(([rate, ofRate], index) => {
    const micros = multiply(beyond[index] ?? 0n, BigInt(rate), how.unit);
    return micros === 0n ? [] : toCharges(part, ofRate, micros);
  });
}

export function shareBaseFee(
  places: readonly Place[],
  account: Price,
  bytes: readonly Item[],
  egress: readonly Item[],
): Charge[] {
  if (account.baseFee === 0) return [];
  const fee = BigInt(account.baseFee);
  const byWhat = [bytes, egress].find((items) => sumOf(items) > 0n);
  // The fee is due for what is empty as well.
  const nobodys = places.map(({ provider }): Item => {
    return { providerId: provider.id, payer: { scope: "overhead" }, kind: null, amount: 1n };
  });
  return toCharges("base", byWhat ?? nobodys, fee).map((charge) => ({ ...charge, kind: null }));
}

function toCharges(part: ChargePart, items: readonly Item[], micros: Micros): Charge[] {
  const shares = shareOut(
    micros,
    items.map(({ amount }) => amount),
  );
  return items.map(({ amount: _amount, ...item }, index) => ({ ...item, part, micros: shares[index] ?? 0n }));
}

function sumOf(items: readonly Item[]): bigint {
  return items.reduce((sum, { amount }) => sum + amount, 0n);
}
