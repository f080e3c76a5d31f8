/** So many files of one size. */
export interface Workload {
  count: number;
  /** Bytes of each. */
  size: number;
}

export const MiB = 1024 * 1024;

export function totalBytes({ count, size }: Workload): number {
  return count * size;
}

export function describeWorkload({ count, size }: Workload): string {
  const unit = size >= MiB ? `${Math.round((size / MiB) * 10) / 10} MiB` : `${Math.round(size / 1024)} KiB`;
  return `${count.toLocaleString("en")} × ${unit}`;
}
