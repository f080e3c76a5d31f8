const UNITS = {
  B: 1,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
};

/** Bytes, of `10737418240`, `10GiB`, `1.5 GB`; `undefined` for anything else. */
export function parseSize(text: string): number | undefined {
  const [, number = "", unit = "B"] = /^(\d+(?:\.\d+)?)\s*([KMGT]?i?B)?$/i.exec(text.trim()) ?? [];
  const factor = UNITS[unit.toUpperCase() as keyof typeof UNITS];
  const bytes = Number(number) * factor;
  return number !== "" && Number.isSafeInteger(bytes) ? bytes : undefined;
}

export function formatSize(bytes: number | null): string {
  if (bytes === null) return "no limit";
  const power = Math.min(4, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const value = bytes / 2 ** (10 * power);
  return `${power === 0 ? value : value.toFixed(1)} ${["B", "KiB", "MiB", "GiB", "TiB"][power]}`;
}
