import type { PGlite, Results } from "@electric-sql/pglite";

export type Rows = Results<Record<string, unknown>>;

/**
 * Statements that are parsed and planned once for all runs, which is most of what they cost here. Parameters go as
 * literals of an EXECUTE, whose types are those that the statement has.
 */
export class PreparedStatements {
  readonly #pglite: PGlite;
  readonly #names = new Map<string, string>();

  constructor(pglite: PGlite) {
    this.#pglite = pglite;
  }

  async run(sql: string, parameters: readonly unknown[] = []): Promise<Rows> {
    if (!/^\s*(?:select|insert|update|delete|with)\b/i.test(sql)) return this.#execute(sql);
    let name = this.#names.get(sql);
    if (name === undefined) {
      name = `s${this.#names.size}`;
      await this.#pglite.exec(`PREPARE ${name} AS ${sql}`);
      this.#names.set(sql, name);
    }
    const values = parameters.map(literal).join(", ");
    return this.#execute(`EXECUTE ${name}${values === "" ? "" : `(${values})`}`);
  }

  async #execute(sql: string): Promise<Rows> {
    const results = await this.#pglite.exec(sql);
    return (results.at(-1) ?? { rows: [], fields: [] }) as Rows;
  }
}

function literal(value: unknown): string {
  if (value === null) return "NULL";
  if (typeof value === "string") return quote(value);
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean")
    return `'${value}'`;
  if (value instanceof Date) return quote(value.toISOString());
  if (Array.isArray(value)) return quote(`{${value.map(element).join(",")}}`);
  throw new TypeError(`There is no literal for a ${typeof value}.`);
}

/** Of an array, as PostgreSQL reads one. */
function element(value: unknown): string {
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return `"${value.replaceAll(/["\\]/g, "\\$&")}"`;
  throw new TypeError(`There is no array of ${typeof value} here.`);
}

function quote(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes("\\") ? `E${quoted.replaceAll("\\", "\\\\")}` : quoted;
}
