import type { PGlite } from "@electric-sql/pglite";
import { asDatabase } from "./shared-database.ts";

/** Every table of ours with the columns that can be written; settings and logs that nobody promises anything of stay as they are. */
const TABLES = `
  SELECT quote_ident(c.relname) AS name, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS columns
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND NOT c.relispartition
    AND c.relname NOT IN ('storage_settings', 'storage_audit') AND c.relname NOT LIKE 'kysely_%'
    AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
  GROUP BY c.relname ORDER BY c.relname`;

interface Table {
  name: string;
  columns: string;
}

/** What the database had at one moment, as `pg_dump` keeps it. */
export class Backup {
  readonly #pglite: PGlite;
  readonly #tables: readonly Table[];

  private constructor(pglite: PGlite, tables: readonly Table[]) {
    this.#pglite = pglite;
    this.#tables = tables;
  }

  /** While nobody else is at the database. */
  static take(pglite: PGlite): Promise<Backup> {
    return asDatabase(async () => {
      const { rows } = await pglite.query<Table>(TABLES);
      const copies = rows.map(
        ({ name, columns }) => `CREATE TABLE backup.${name} AS SELECT ${columns} FROM public.${name};`,
      );
      await pglite.exec(`DROP SCHEMA IF EXISTS backup CASCADE; CREATE SCHEMA backup; ${copies.join("\n")}`);
      return new Backup(pglite, rows);
    });
  }

  /** In the place of all that there is: under the role for which no trigger counts again what is counted already. */
  restore(): Promise<void> {
    const names = this.#tables.map(({ name }) => `public.${name}`).join(", ");
    const fillings = this.#tables.map(
      ({ name, columns }) =>
        `INSERT INTO public.${name} (${columns}) OVERRIDING SYSTEM VALUE SELECT ${columns} FROM backup.${name};`,
    );
    return asDatabase(async () => {
      await this.#pglite.exec(
        `BEGIN; SET LOCAL session_replication_role = replica; TRUNCATE ${names}; ${fillings.join("\n")} COMMIT`,
      );
    });
  }
}
