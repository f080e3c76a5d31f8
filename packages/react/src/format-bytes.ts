interface Unit {
  name: string;
  size: number;
  digits: number;
  /** Made once: it costs more than what it is used for. */
  format: Intl.NumberFormat;
}

const KB = unit("KB", 1024, 0);
const MB = unit("MB", 1024 ** 2, 1);
const GB = unit("GB", 1024 ** 3, 2);
const TB = unit("TB", 1024 ** 4, 2);

function unit(name: string, size: number, digits: number): Unit {
  return { name, size, digits, format: new Intl.NumberFormat("en", { maximumFractionDigits: digits }) };
}

/**
 * Bytes as people read them: `"812 bytes"`, `"4.5 MB"`, `"1.25 GB"`. A KB is 1,024 bytes, as in file managers. Each unit has
 * its own fixed precision, so that a growing number does not change its shape while someone looks at it.
 */
export function formatBytes(bytes: number): string {
  const whole = Math.max(0, Math.round(bytes));
  if (whole < 1000) return whole === 1 ? "1 byte" : `${whole} bytes`;
  const { name, size, format } =
    [KB, MB, GB].find((unit) => Number((whole / unit.size).toFixed(unit.digits)) < 1000) ?? TB;
  return `${format.format(whole / size)} ${name}`;
}

/** Bytes per second: `"4.5 MB/s"`. */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}
