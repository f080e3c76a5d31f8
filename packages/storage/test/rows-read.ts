import { CompiledQuery, type Kysely, type KyselyPlugin, sql } from "kysely";
import type { Database } from "../src/index.ts";

/** Every statement that is asked by way of the plugin, each once. */
export function listen(db: Kysely<Database>): { asked: Map<string, CompiledQuery>; plugin: KyselyPlugin } {
  const asked = new Map<string, CompiledQuery>();
  const plugin: KyselyPlugin = {
    transformQuery: ({ node, queryId }) => {
      const query = db.getExecutor().compileQuery(node, queryId);
      asked.set(query.sql, query);
      return node;
    },
    transformResult: ({ result }) => Promise.resolve(result),
  };
  return { asked, plugin };
}

interface PlanNode {
  "Actual Rows": number;
  "Actual Loops": number;
  "Rows Removed by Filter"?: number;
  Plans?: PlanNode[];
}

/** By the step of its plan that reads most. What it would change stays. */
export async function rowsRead(
  db: Kysely<Database>,
  { sql: text, parameters }: CompiledQuery,
): Promise<number> {
  const mostOf = (node: PlanNode): number => {
    const own = (node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0)) * node["Actual Loops"];
    return Math.max(own, ...(node.Plans ?? []).map(mostOf));
  };
  return db.connection().execute(async (one) => {
    await sql`BEGIN`.execute(one);
    try {
      const { rows } = await one.executeQuery<{ "QUERY PLAN": { Plan: PlanNode }[] }>(
        CompiledQuery.raw(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, [...parameters]),
      );
      return Math.max(...rows.flatMap((row) => row["QUERY PLAN"].map(({ Plan }) => mostOf(Plan))));
    } finally {
      await sql`ROLLBACK`.execute(one);
    }
  });
}
