export const DUMPS_PREFIX = "backups/database/";

const KEY = /^backups\/database\/(\d{4})\/(\d{2})\/(\d{2})-(\d{2})(\d{2})(\d{2})-([0-9a-f-]{36})\.dump\.enc$/;

/** Keys go up as their times do. Times are UTC's. */
export function dumpKey(id: string, startedAt: Date): string {
  const [year, month, day, hour, minute, second] = startedAt.toISOString().split(/\D/);
  return `${DUMPS_PREFIX}${year}/${month}/${day}-${hour}${minute}${second}-${id}.dump.enc`;
}

/** `undefined` for what is none of our dumps. */
export function parseDumpKey(key: string): { id: string; startedAt: Date } | undefined {
  const [, year, month, day, hour, minute, second, id] = KEY.exec(key) ?? [];
  if (id === undefined) return undefined;
  const startedAt = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(startedAt.getTime()) ? undefined : { id, startedAt };
}
