import type { ExpiryHold, HeldFile } from "@audiotricks/storage";

/** What is held back and why, and what there is to do. */
export function describeHold(hold: ExpiryHold, files: readonly HeldFile[] = []): string[] {
  const { id, unknownFrom, unknownUntil, files: due, filesLater } = hold;
  return [
    `Files held back, though their time is over: ${due}; whose time is yet to come: ${filesLater}`,
    ...files.map((file) => `  ${file.key} (file ${file.id}, until ${file.expiresAt.toISOString()})`),
    `  Nobody has looked at this database from ${unknownFrom.toISOString()} to ${unknownUntil.toISOString()}: if it was restored from a backup, owners may have been told since that a file lives longer.`,
    id === null
      ? "  The next sweep or reconcile gives this an id to be answered by."
      : `  Mend expires_at of those that do, then let the rest expire: audiotricks-storage sweep --expire-held ${id}`,
  ];
}
