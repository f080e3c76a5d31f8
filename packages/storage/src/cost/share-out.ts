/**
 * Shares a whole amount out by weights, without losing or making anything: the shares add up to it, and each is within one of its exact part.
 * What is left after rounding down goes to the largest remainders, the first of equals. Where nothing weighs anything, all weigh the same.
 *
 * @param weights Not negative; at least one.
 */
export function shareOut(amount: bigint, weights: readonly bigint[]): bigint[] {
  const sum = weights.reduce((all, weight) => all + weight, 0n);
  if (sum === 0n)
    return shareOut(
      amount,
      weights.map(() => 1n),
    );
  const exact = weights.map((weight) => amount * weight);
  const shares = exact.map((part) => part / sum);
  const left = Number(amount - shares.reduce((all, share) => all + share, 0n));
  const byRemainder = exact
    .map((part, index) => ({ index, remainder: part % sum }))
    .toSorted((a, b) =>
      a.remainder === b.remainder ? a.index - b.index : a.remainder < b.remainder ? 1 : -1,
    );
  for (const { index } of byRemainder.slice(0, left)) shares[index] = (shares[index] ?? 0n) + 1n;
  return shares;
}

/** `amount × rate ÷ unit`, rounded half up: the one rounding of a line of a bill. */
export function multiply(amount: bigint, rate: bigint, unit: bigint): bigint {
  return (2n * amount * rate + unit) / (2n * unit);
}
