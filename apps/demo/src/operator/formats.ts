const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];
const NOTHING = "–";

/** In thousands, as stores are paid for. */
export function bytes(value: number | null): string {
  if (value === null) return NOTHING;
  const size = Math.abs(value);
  const power = size < 1 ? 0 : Math.min(Math.floor(Math.log10(size) / 3), UNITS.length - 1);
  const scaled = value / 1000 ** power;
  return `${round(scaled, Math.abs(scaled) < 10 && power > 0 ? 1 : 0)} ${UNITS[power]}`;
}

export function count(value: number | null): string {
  return value === null ? NOTHING : round(value, 0);
}

export function percent(value: number | null): string {
  return value === null ? NOTHING : `${round(value, Math.abs(value) < 99.95 ? 1 : 0)} %`;
}

export function duration(ms: number | null): string {
  if (ms === null) return NOTHING;
  if (ms < 1000) return `${round(ms, 0)} ms`;
  if (ms < 60_000) return `${round(ms / 1000, 1)} s`;
  return ms < 3_600_000 ? `${round(ms / 60_000, 1)} min` : `${round(ms / 3_600_000, 1)} h`;
}

/** @param micros Millionths of a US dollar. */
export function dollars(micros: number): string {
  const value = micros / 1e6;
  const isSmall = value !== 0 && Math.abs(value) < 0.01;
  return `$${value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: isSmall ? 6 : 2 })}`;
}

/** Of UTC, as everything here is. */
export function instant(iso: string | null): string {
  return iso === null ? NOTHING : iso.slice(0, 16).replace("T", " ");
}

export function text(value: string | null): string {
  return value === null || value === "" ? NOTHING : value;
}

function round(value: number, digits: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: digits });
}

/** How long ago, in the largest unit that says something. @param ms At least 0; less is now. */
export function age(ms: number): string {
  const minutes = Math.max(Math.round(ms / 60_000), 0);
  if (minutes < 1) return "less than a minute";
  if (minutes < 120) return minutes === 1 ? "a minute" : `${minutes} minutes`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} hours` : `${Math.round(hours / 24)} days`;
}
