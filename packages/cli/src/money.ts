/** Of millionths of a dollar: `$1,234.57`; half a cent is one. */
export function formatMoney(micros: number): string {
  const cents = Math.round(Math.abs(micros) / 10_000);
  const dollars = Math.floor(cents / 100).toLocaleString("en-US");
  return `${micros < 0 && cents > 0 ? "-" : ""}$${dollars}.${String(cents % 100).padStart(2, "0")}`;
}

/** Millionths of `12`, `12.5`, `0.000001`; `undefined` for anything else. */
export function parseMoney(text: string): number | undefined {
  const [, whole, fraction = ""] = /^\$?(\d{1,9})(?:\.(\d{1,6}))?$/.exec(text.trim()) ?? [];
  return whole === undefined ? undefined : Number(whole) * 1_000_000 + Number(fraction.padEnd(6, "0"));
}
