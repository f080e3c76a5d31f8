const DAY_MS = 86_400_000;

/**
 * What is still to be paid for bytes that left cold storage before their time: as if they had stayed.
 *
 * @returns Byte-hours, whole hours begun counted.
 */
export function coldRemainder(
  { size, archivedAt, leftAt }: { size: number; archivedAt: Date; leftAt: Date },
  minimumDays: number,
): bigint {
  const dueUntil = archivedAt.getTime() + minimumDays * DAY_MS;
  const hours = Math.ceil(Math.max(0, dueUntil - leftAt.getTime()) / 3_600_000);
  return BigInt(size) * BigInt(hours);
}
