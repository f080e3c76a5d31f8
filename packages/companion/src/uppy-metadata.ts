import { UploadError } from "@audiotricks/protocol";
import { z } from "zod";

/** The two fields of a file's Uppy metadata that mean something to us; the rest is the page's own business. */
export interface UppyMetadata {
  /** Bytes. Stock Uppy sends it only where the page put it there. */
  size: number | undefined;
  workspaceId: string | undefined;
}

const wholeNumber = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const NUMBER = /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i;
const uuid = z.uuid();

/**
 * A `size` that is no number is somebody's own field of that name, and passed over.
 *
 * @throws {UploadError} `invalid_request` if it is a number that no file can have, or a workspace is named that cannot be one: the file would
 * go where nobody looks for it.
 */
export function readUppyMetadata(metadata: Record<string, unknown>): UppyMetadata {
  return {
    size: readSize(Object.hasOwn(metadata, "size") ? metadata.size : undefined),
    workspaceId: readWorkspaceId(Object.hasOwn(metadata, "workspaceId") ? metadata.workspaceId : undefined),
  };
}

function readSize(named: unknown): number | undefined {
  const isNumeric = typeof named === "number" || (typeof named === "string" && NUMBER.test(named));
  if (!isNumeric) return undefined;
  const { data } = wholeNumber.safeParse(named);
  if (data === undefined) throw new UploadError("invalid_request", "metadata.size is not a file's size.");
  return data;
}

function readWorkspaceId(named: unknown): string | undefined {
  // Uppy sends what a page left empty as it is.
  if (named === undefined || named === null || named === "") return undefined;
  const { data } = uuid.safeParse(named);
  if (data === undefined)
    throw new UploadError("invalid_request", "metadata.workspaceId is not the id of a workspace.");
  return data;
}

/** `metadata[name]=value`, as Uppy spells nested values in a query. */
export function metadataOfQuery(query: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(query).flatMap(([name, value]) => {
      const field = /^metadata\[([^\]]{1,100})\]$/.exec(name)?.[1];
      return field === undefined ? [] : [[field, value]];
    }),
  );
}
