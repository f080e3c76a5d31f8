import { type CompiledQuery, type Kysely, type RawBuilder, sql } from "kysely";
import type { Database } from "../database.ts";
import { gather } from "../gather.ts";
import { isUuid } from "../is-uuid.ts";
import type { Caller } from "../storage.ts";
import type { CallerContext } from "./caller-context.ts";
import { type Tenant, tenantOf } from "./tenant.ts";

type Asking = Pick<CallerContext, "caller"> & { work: Pick<CallerContext["work"], "db"> };
/** By UUIDs, or by the lack of one. */
type Key<Name extends string> = Readonly<Record<Name, string | null>>;
interface Question<Name extends string> {
  userId: string | null;
  key: Key<Name>;
}
type Ask<Name extends string, Row> = (question: Question<Name>) => Promise<Row[]>;

/**
 * What callers ask most, by keys: put together and compiled once for each kind of caller, and asked for as many of them as ask at
 * the same time, each question with its own caller (`gather`).
 *
 * @param build The statement of one caller's question. To it, caller and key are columns, not values: they can be handed to SQL alone.
 */
export function tenantLookup<Name extends string, Row extends object>(
  names: readonly Name[],
  build: (tenant: Tenant, key: Record<Name, string>, userId: string) => RawBuilder<Row>,
): (context: Asking, key: Key<Name>) => Promise<Row[]> {
  const asksOf = new WeakMap<Kysely<Database>, Map<string, Ask<Name, Row>>>();
  const column = (name: string) => sql.ref(`q.${name}`) as unknown as string;

  function compile(db: Kysely<Database>, caller: Caller): CompiledQuery<Row & { n: number }> {
    const key = Object.fromEntries(names.map((name) => [name, column(name)])) as Record<Name, string>;
    const tenant = tenantOf(db, "service" in caller ? caller : { ...caller, userId: column("user_id") });
    const columns = ["user_id", ...names];
    // Looked up, so that nothing is known of it when it is planned: or each list would be planned anew, since a plan for one that is
    // known to be short looks cheaper than the plan for any.
    const lists = columns.map(() => sql`(SELECT ${null}::text)::uuid[]`);
    return sql<Row & { n: number }>`
      SELECT q.n, r.* FROM unnest(${sql.join(lists)}) WITH ORDINALITY AS q (${sql.join([...columns, "n"].map((name) => sql.ref(name)))})
      CROSS JOIN LATERAL (${build(tenant, key, column("user_id"))}) r`.compile(db);
  }

  function asking(db: Kysely<Database>, caller: Caller): Ask<Name, Row> {
    const statement = compile(db, caller);
    return gather(async (questions) => {
      const lists = [
        listOf(questions.map(({ userId }) => userId)),
        ...names.map((name) => listOf(questions.map(({ key }) => key[name]))),
      ];
      // They come first in the text; what follows is the same for everyone.
      const parameters = [...lists, ...statement.parameters.slice(lists.length)];
      const { rows } = await db.executeQuery<Row & { n: number }>({ ...statement, parameters });
      const answers: Row[][] = questions.map(() => []);
      for (const { n, ...row } of rows) answers[Number(n) - 1]?.push(row as unknown as Row);
      return answers;
    });
  }

  return async ({ caller, work: { db } }, key) => {
    const known = asksOf.get(db) ?? new Map<string, Ask<Name, Row>>();
    asksOf.set(db, known);
    const kind = kindOf(caller);
    const ask = known.get(kind) ?? asking(db, caller);
    known.set(kind, ask);
    const userId = "userId" in caller ? caller.userId : null;
    requireIds([userId, ...names.map((name) => key[name])]);
    return await ask({ userId, key });
  };
}

/** All that statements may differ by. */
function kindOf(caller: Caller): "service" | "operator" | "user" {
  if ("service" in caller) return "service";
  return caller.isOperator === true ? "operator" : "user";
}

/** Anything else, put into a list, would move the others to questions that are not theirs. */
function requireIds(ids: readonly (string | null)[]): void {
  for (const id of ids) if (id !== null && !isUuid(id)) throw new TypeError("an id that is no UUID");
}

/** As PostgreSQL writes arrays. */
function listOf(ids: readonly (string | null)[]): string {
  return `{${ids.map((id) => id ?? "NULL").join(",")}}`;
}
