import { ENGLISH, type Words } from "./words.ts";

interface Unit {
  /** As `Intl.NumberFormat` names it. */
  name: string;
  size: number;
  digits: number;
}

const BYTE: Unit = { name: "byte", size: 1, digits: 0 };
const TERABYTE: Unit = { name: "terabyte", size: 1024 ** 4, digits: 2 };
const UNITS: readonly Unit[] = [
  BYTE,
  { name: "kilobyte", size: 1024, digits: 0 },
  { name: "megabyte", size: 1024 ** 2, digits: 1 },
  { name: "gigabyte", size: 1024 ** 3, digits: 2 },
];

function unitOf(bytes: number): Unit {
  return UNITS.find(({ size, digits }) => Number((bytes / size).toFixed(digits)) < 1000) ?? TERABYTE;
}

/**
 * Bytes as people read them: `"812 bytes"`, `"4.5 MB"`, `"1.25 GB"`. A KB is 1,024 bytes, as in file managers. Each unit has
 * its own fixed precision, so that a growing number does not change its shape while someone looks at it.
 */
export function formatBytes(bytes: number, words: Words = ENGLISH): string {
  const whole = Math.max(0, Math.round(bytes));
  const unit = unitOf(whole);
  const display = unit === BYTE ? "long" : "short";
  return words.amount(whole / unit.size, { unit: unit.name, display, digits: unit.digits });
}

/** Bytes per second: `"4.5 MB/s"`. */
export function formatRate(bytesPerSecond: number, words: Words = ENGLISH): string {
  const whole = Math.max(0, Math.round(bytesPerSecond));
  const { name, size, digits } = unitOf(whole);
  return words.amount(whole / size, { unit: `${name}-per-second`, display: "short", digits });
}
