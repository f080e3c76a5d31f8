import { layOut } from "./archive-layout.ts";
import { archiveNames } from "./archive-names.ts";
import type { ExportedFile } from "./find-exported.ts";

/** Names of ours in an archive. */
const MISSING_NAME = "MISSING.txt";

/** An entry as it is written down when the archive is planned; either of a file, or of its content. */
export interface PlannedEntry {
  name: string;
  size: number;
  modifiedAt: Date;
  isMissing: boolean;
  source: { fileId: string; providerId: string; key: string; etag: string | null } | { content: Buffer };
}

/** A document of ours that goes into an archive. */
export interface Document {
  name: string;
  content: Buffer;
}

/**
 * The entries of an archive, in order: documents, then files under names of their own. What was packed when it was stored stays so, and
 * its name says it. A file that must not be read now is left out from the beginning.
 */
export function planEntries(
  files: readonly ExportedFile[],
  { folder = "", documents = [], at }: { folder?: string; documents?: readonly Document[]; at: Date },
): PlannedEntry[] {
  const names = archiveNames(
    files.map(({ original_filename: name, content_encoding: encoding }) =>
      encoding === "gzip" ? `${name}.gz` : name,
    ),
    folder === "" ? [MISSING_NAME] : [],
  );
  return [
    ...documents.map(({ name, content }) => ({
      name,
      size: content.length,
      modifiedAt: at,
      isMissing: false,
      source: { content },
    })),
    ...files.map((file, index) => ({
      name: `${folder}${names[index] ?? ""}`,
      size: Number(file.file_size),
      modifiedAt: file.created_at,
      isMissing: !file.is_given_out,
      source: {
        fileId: file.id,
        providerId: file.storage_provider_id,
        key: file.storage_path,
        etag: file.etag,
      },
    })),
  ];
}

/** What of an archive is left out, for those who unpack it; `undefined` where that is nothing. */
export function missingDocument(
  entries: readonly { name: string; isMissing: boolean }[],
): Document | undefined {
  const missing = entries.filter(({ isMissing }) => isMissing);
  if (missing.length === 0) return undefined;
  const lines = [
    "Not in this archive, for they were gone or withheld:",
    ...missing.map(({ name }) => name),
    "",
  ];
  return { name: MISSING_NAME, content: Buffer.from(lines.join("\n")) };
}

/** `MISSING.txt` may be longer than the file that it stands for. */
const MISSING_ROOM = 512;

/** Bytes of the archive as planned, and the most that it may come to whatever vanishes meanwhile. */
export function sizeOfArchive(entries: readonly PlannedEntry[], at: Date): { size: number; most: number } {
  const missing = missingDocument(entries);
  const present = entries.filter(({ isMissing }) => !isMissing);
  const { size } = layOut(
    missing === undefined
      ? present
      : [...present, { name: missing.name, size: missing.content.length, modifiedAt: at }],
  );
  return { size, most: size + MISSING_ROOM };
}
