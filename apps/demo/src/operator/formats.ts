const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];
const NOTHING = "–";

/** In thousands, as stores are paid for. */
export function bytes(value: number | null): string {
  if (value === null) return NOTHING;
  // By what is written: 999,999 B would be 1,000 kB otherwise.
  const power = UNITS.findIndex((_, index) => Math.round(Math.abs(value) / 1000 ** index) < 1000);
  const unit = power === -1 ? UNITS.length - 1 : power;
  const scaled = value / 1000 ** unit;
  return `${round(scaled, Math.abs(scaled) < 10 && unit > 0 ? 1 : 0)} ${UNITS[unit]}`;
}

export function count(value: number | null): string {
  return value === null ? NOTHING : round(value, 0);
}

/** `"1 file"`, `"2 files"`. */
export function counted(value: number, one: string, many: string): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

export function percent(value: number | null): string {
  if (value === null) return NOTHING;
  // Nearly all is not all: what failed must not be rounded away.
  const shown = value < 100 ? Math.min(value, 99.9) : value;
  return `${round(shown, shown < 100 ? 1 : 0)} %`;
}

export function duration(ms: number | null): string {
  if (ms === null) return NOTHING;
  // By what is written, too: 59.99 s would be 60 s, and 59.99 min 60 min.
  if (ms < 999.5) return `${round(ms, 0)} ms`;
  if (ms < 59_950) return `${round(ms / 1000, 1)} s`;
  return ms < 3_597_000 ? `${round(ms / 60_000, 1)} min` : `${round(ms / 3_600_000, 1)} h`;
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

/** To the second, where several of a minute have to be told apart. */
export function exactInstant(iso: string | null): string {
  return iso === null ? NOTHING : iso.slice(0, 19).replace("T", " ");
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
  return hours < 48 ? `${hours} hours` : `${count(Math.round(hours / 24))} days`;
}
