import { UploadError } from "@audiotricks/protocol";

const HOUR_MS = 3_600_000;

/** A month of UTC, whose days all have 24 hours. */
export interface Month {
  /** `2026-11` */
  name: string;
  startsAt: Date;
  /** The first instant that is not in it. */
  endsAt: Date;
  hours: number;
}

/** @throws {UploadError} `invalid_request` for what is no month. */
export function readMonth(name: string): Month {
  if (!/^[12]\d{3}-(?:0[1-9]|1[0-2])$/.test(name))
    throw new UploadError("invalid_request", "A month is one such as 2026-11.");
  const [year = 0, month = 0] = name.split("-").map(Number);
  const [startsAt, endsAt] = [new Date(Date.UTC(year, month - 1)), new Date(Date.UTC(year, month))];
  return { name, startsAt, endsAt, hours: hoursBetween(startsAt, endsAt) };
}

export function monthOf(instant: Date): Month {
  return readMonth(instant.toISOString().slice(0, 7));
}

/** Whole hours; never below 0. */
export function hoursBetween(from: Date, to: Date): number {
  return Math.max(0, Math.floor((to.getTime() - from.getTime()) / HOUR_MS));
}
