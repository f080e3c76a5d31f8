import type { Pool } from "pg";
import type { Ledger } from "../ledger.ts";

/** 15: what nobody may read in a log or a row. */
export class Secrets {
  readonly #words: string[];
  readonly #ledger: Ledger;

  /** @param words Keys and tokens of this run. */
  constructor(words: readonly string[], ledger: Ledger) {
    this.#words = [...words, "X-Amz-Signature=", "x-amz-signature="];
    this.#ledger = ledger;
  }

  add(words: readonly string[]): void {
    this.#words.push(...words);
  }

  readonly line = (line: string): void => {
    this.#ledger.count("lines of logs");
    const found = this.#words.find((word) => line.includes(word));
    if (found !== undefined)
      this.#ledger.wrong(`15: a log has ${found.slice(0, 18)}…: ${line.slice(0, 80)}…`);
  };

  /** Every row of every table, ours and the job queue's. */
  async searchDatabase(pool: Pool): Promise<void> {
    const { rows: tables } = await pool.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
       WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    );
    for (const { name } of tables) {
      const { rows } = await pool.query<{ found: string }>(
        `SELECT word AS found FROM unnest($1::text[]) AS word WHERE EXISTS (SELECT FROM ${name} t WHERE strpos(t::text, word) > 0)`,
        [this.#words],
      );
      for (const { found } of rows) this.#ledger.wrong(`15: ${name} has ${found.slice(0, 18)}…`);
    }
    this.#ledger.count("tables searched for secrets", tables.length);
  }
}
