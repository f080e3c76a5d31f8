import type { Database } from "@audiotricks/storage";
import { type Kysely, sql, type Transaction } from "kysely";
import { SCHEMA_OBJECTS, SEQUENCES, TABLES } from "./schema-queries.ts";

/** What a database has, as numbers that tell it from any other: of each table its rows and what is in them, in no order. */
export interface DatabaseImage {
  tables: ReadonlyMap<string, { rows: number; digest: string }>;
  /** Columns, indexes, constraints, functions, triggers, views: each by what makes it. */
  objects: ReadonlySet<string>;
  sequences: ReadonlyMap<string, number>;
}

export interface Difference {
  what: string;
  expected: string;
  found: string;
}

/** Text is to be the same, wherever it is asked for. */
const SETTINGS = [
  sql`SET LOCAL search_path = pg_catalog`,
  sql`SET LOCAL TimeZone = 'UTC'`,
  sql`SET LOCAL DateStyle = 'ISO, YMD'`,
  sql`SET LOCAL IntervalStyle = 'postgres'`,
  sql`SET LOCAL bytea_output = 'hex'`,
  sql`SET LOCAL extra_float_digits = 1`,
];

/** All of it is read: a table at a time, by the server. */
export async function imageOf(trx: Transaction<Database>): Promise<DatabaseImage> {
  for (const setting of SETTINGS) await setting.execute(trx);
  const found = await sql<{ schema: string; name: string }>`${sql.raw(TABLES)}`.execute(trx);
  const tables = new Map<string, { rows: number; digest: string }>();
  for (const { schema, name } of found.rows) {
    // Sums, so that the order of rows does not matter: twice 60 bits of each.
    const { rows } = await sql<{ rows: string; digest: string }>`
      SELECT count(*)::text AS rows,
        coalesce(sum(('x' || substr(h, 1, 15))::bit(60)::bigint::numeric), 0) || '/' ||
        coalesce(sum(('x' || substr(h, 16, 15))::bit(60)::bigint::numeric), 0) AS digest
      FROM (SELECT md5("of this row"::text) AS h FROM ${sql.id(schema, name)} AS "of this row") d`.execute(
      trx,
    );
    const [row] = rows;
    if (row !== undefined) tables.set(`${schema}.${name}`, { rows: Number(row.rows), digest: row.digest });
  }
  const objects = await sql<{ object: string }>`${sql.raw(SCHEMA_OBJECTS)}`.execute(trx);
  return {
    tables,
    // What is read in once more has other brackets: (a AND b) AND c is a AND b AND c by then.
    objects: new Set(objects.rows.map(({ object }) => object.replaceAll(/[()]/g, ""))),
    sequences: await sequencesOf(trx),
  };
}

/** No transaction holds them: they go on at any time. */
export async function sequencesOf(db: Kysely<Database>): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<{ name: string; value: string | null }>`${sql.raw(SEQUENCES)}`.execute(db);
  return new Map(rows.map(({ name, value }) => [name, Number(value ?? 0)]));
}

/** @param later Of the sequences of what is expected, once it has been dumped. */
export function compareImages(
  expected: DatabaseImage,
  found: DatabaseImage,
  later: ReadonlyMap<string, number>,
): Difference[] {
  const differences: Difference[] = [];
  const tell = (what: string, wanted: string, is: string) =>
    differences.push({ what, expected: wanted, found: is });
  for (const name of new Set([...expected.tables.keys(), ...found.tables.keys()])) {
    const [before, after] = [expected.tables.get(name), found.tables.get(name)];
    if (before === undefined || after === undefined)
      tell(
        `table ${name}`,
        before ? `${before.rows} rows` : "no table",
        after ? `${after.rows} rows` : "no table",
      );
    else if (before.rows !== after.rows) tell(`table ${name}`, `${before.rows} rows`, `${after.rows} rows`);
    else if (before.digest !== after.digest)
      tell(`table ${name}`, `${before.rows} rows`, "as many, and not the same");
  }
  for (const object of expected.objects) if (!found.objects.has(object)) tell(object, "there", "not there");
  for (const object of found.objects) if (!expected.objects.has(object)) tell(object, "not there", "there");
  for (const [name, value] of expected.sequences) {
    const [is, last] = [found.sequences.get(name) ?? Number.NaN, later.get(name) ?? value];
    if (!(is >= value && is <= last)) tell(`sequence ${name}`, `${value} to ${last}`, String(is));
  }
  return differences;
}
