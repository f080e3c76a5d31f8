import type { FoundObject } from "@audiotricks/storage";
import { CliError } from "../cli-error.ts";
import { isUuid } from "../read-words.ts";

/** An object that no row knew when the list was made. */
export interface ListedObject {
  providerId: string;
  object: FoundObject;
}

/** More are deleted in more than one go: they are all in memory before the first one goes. */
const MAX_ENTRIES = 1_000_000;
/** A key has up to 1,024 bytes; in JSON each may become six. */
const MAX_LINE = 10_000;

/** One line of the list, which a person may take away to keep the object. */
export function toLine({ providerId, object: { key, size, etag, lastModified } }: ListedObject): string {
  return `${JSON.stringify({ providerId, key, size, etag, lastModified })}\n`;
}

export const nameOf = ({ providerId, object }: ListedObject): string => `${providerId} ${object.key}`;

/**
 * The whole list, before anything is done: by `nameOf`.
 *
 * @throws {CliError} `list_invalid`, naming the line, also where the last one was cut short.
 */
export async function readUnknownList(input: AsyncIterable<Uint8Array>): Promise<Map<string, ListedObject>> {
  const entries = new Map<string, ListedObject>();
  let [number, rest] = [0, ""];
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const take = (line: string) => {
    number++;
    if (line.trim() === "") return;
    const entry = parseLine(line);
    if (entry === undefined)
      throw invalid(`Line ${number} of the list is not one that reconcile --list has written`);
    entries.set(nameOf(entry), entry);
    if (entries.size > MAX_ENTRIES)
      throw invalid(`The list has more than ${MAX_ENTRIES} lines: give it in pieces`);
  };
  try {
    for await (const bytes of input) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) take(line);
      if (rest.length > MAX_LINE) throw invalid(`Line ${number + 1} of the list is too long`);
    }
    rest += decoder.decode();
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    if (cause instanceof TypeError) throw invalid("The list is not text", cause);
    throw invalid("The list cannot be read: name a file that this user may read", cause);
  }
  if (rest !== "") throw invalid(`Line ${number + 1} of the list has no end: it was cut short`);
  return entries;
}

function parseLine(line: string): ListedObject | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { providerId, key, size, etag, lastModified } = value as Record<string, unknown>;
  if (typeof providerId !== "string" || !isUuid(providerId) || typeof key !== "string" || key === "")
    return undefined;
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) return undefined;
  if (typeof etag !== "string" || etag === "" || typeof lastModified !== "string") return undefined;
  const at = new Date(lastModified);
  return Number.isNaN(at.getTime())
    ? undefined
    : { providerId, object: { key, size, etag, lastModified: at } };
}

function invalid(what: string, cause?: unknown): CliError {
  return new CliError("list_invalid", `${what}: nothing was deleted.`, { cause });
}
