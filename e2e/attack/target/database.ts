import pg from "pg";
import { target } from "./about.ts";

let pool: pg.Pool | undefined;

/** The database as its owner has it, past the servers. */
export async function query<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
  pool ??= new pg.Pool({ connectionString: target.databaseUrl, max: 2, allowExitOnIdle: true });
  return (await pool.query<Row>(text, values)).rows;
}

/** A user whom nothing else is about. @returns Its id. */
export async function newUser(): Promise<string> {
  const [row] = await query<{ id: string }>("INSERT INTO users (name) VALUES ('Someone') RETURNING id");
  if (row === undefined) throw new Error("no user was made");
  return row.id;
}

/** The SQLSTATE that a statement fails with; `undefined` if it does not. */
export async function failureOf(text: string, values: unknown[] = []): Promise<string | undefined> {
  return await query(text, values).then(
    () => undefined,
    (error: { code?: string }) => error.code ?? "no code",
  );
}
