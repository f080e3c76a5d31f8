import { UploadError } from "@audiotricks/protocol";
import { type RawBuilder, sql } from "kysely";

/** Where a page of rows ended that are listed newest first: an instant in microseconds, and the row's id. */
export interface Cursor {
  micros: string;
  id: string;
}

/** A Date has milliseconds only, and two rows may differ by less. */
export function microsOf(column: string): RawBuilder<string> {
  return sql<string>`(extract(epoch FROM ${sql.ref(column)}) * 1000000)::bigint::text`;
}

export function isAfter([at, id]: [at: string, id: string], cursor: Cursor): RawBuilder<boolean> {
  return sql<boolean>`(${sql.ref(at)}, ${sql.ref(id)})
    < (to_timestamp(0) + ${cursor.micros}::bigint * interval '1 microsecond', ${cursor.id}::uuid)`;
}

export function formatCursor({ micros, id }: Cursor): string {
  return Buffer.from(`${micros}.${id}`).toString("base64url");
}

/** @throws {UploadError} `invalid_request` */
export function parseCursor(cursor: string): Cursor {
  const text = Buffer.from(cursor, "base64url").toString("latin1");
  const [, micros, id] = /^(\d{1,17})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(text) ?? [];
  if (micros === undefined || id === undefined) {
    throw new UploadError("invalid_request", "The cursor is not one of ours.", { details: { cursor } });
  }
  return { micros, id };
}
