const KB = { name: "KB", size: 1024, digits: 0 };
const MB = { name: "MB", size: 1024 ** 2, digits: 1 };
const GB = { name: "GB", size: 1024 ** 3, digits: 2 };
const TB = { name: "TB", size: 1024 ** 4, digits: 2 };

/**
 * Bytes as people read them: `"812 bytes"`, `"4.5 MB"`, `"1.25 GB"`. A KB is 1,024 bytes, as in file managers. Each unit has
 * its own fixed precision, so that a growing number does not change its shape while someone looks at it.
 */
export function formatBytes(bytes: number): string {
  const whole = Math.max(0, Math.round(bytes));
  if (whole < 1000) return whole === 1 ? "1 byte" : `${whole} bytes`;
  const { name, size, digits } =
    [KB, MB, GB].find((unit) => Number((whole / unit.size).toFixed(unit.digits)) < 1000) ?? TB;
  return `${(whole / size).toLocaleString("en", { maximumFractionDigits: digits })} ${name}`;
}

/** Bytes per second: `"4.5 MB/s"`. */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}
