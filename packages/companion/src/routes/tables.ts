import type { Action, Principal } from "@audiotricks/storage";
import { createRoute } from "@hono/zod-openapi";
import type { Context } from "hono";
import { z } from "zod";
import type { Guard } from "../access/guard.ts";
import { type CompanionApp, type CompanionEnv, principalOf } from "../companion-env.ts";
import { toCsv, wantsCsv } from "../csv.ts";
import { failures } from "../openapi-responses.ts";

type Format = { format?: "json" | "csv" | undefined };

/** A table that an operator reads, as JSON or as a file. */
export interface Table<Query extends Format, Answer extends object> {
  /** Under `/v1/admin/`. */
  name: string;
  action: Action;
  summary: string;
  query: z.ZodType<Query>;
  answer: z.ZodType<Answer>;
  /** What a file has of it: names of columns, in this order, and rows by these names. */
  csv: (answer: Answer, query: Query) => CsvTable;
  read: (principal: Principal, query: Query) => Promise<Answer>;
}

export interface CsvTable {
  columns: readonly string[];
  rows: readonly object[];
}

/** Rows as messages have them. */
export function csvOf(row: z.ZodObject, rows: readonly object[]): CsvTable {
  return { columns: Object.keys(row.shape), rows };
}

export type AddTable = <Query extends Format, Answer extends object>(table: Table<Query, Answer>) => void;

export function createAddTable(app: CompanionApp, guard: Guard): AddTable {
  return ({ name, action, summary, query: querySchema, answer: answerSchema, csv, read }) =>
    app.openapi(
      createRoute({
        method: "get",
        path: `/v1/admin/${name}`,
        summary,
        tags: ["operators"],
        middleware: [guard(action)],
        request: { query: querySchema as typeof querySchema & z.ZodObject },
        responses: {
          200: {
            description:
              "The table; as CSV by `format=csv` or `Accept: text/csv`, with a `Link` to the next page where there is one",
            content: { "application/json": { schema: answerSchema }, "text/csv": { schema: z.string() } },
          },
          ...failures(),
        },
      }),
      async (c) => {
        const query = querySchema.parse(c.req.valid("query"));
        const answer = await read(principalOf(c), query);
        if (!wantsCsv(query.format, c.req.header("accept"))) return c.json(answer, 200);
        const table = csv(answer, query);
        if ("nextCursor" in answer && typeof answer.nextCursor === "string") {
          const next = new URL(c.req.url).searchParams;
          next.set("cursor", answer.nextCursor);
          c.header("Link", `<?${next}>; rel="next"`);
        }
        return answerCsv(c, table, name.replaceAll("/", "-"));
      },
    );
}

export function answerCsv<Env extends CompanionEnv>(
  c: Context<Env>,
  { columns, rows }: CsvTable,
  fileName: string,
) {
  return c.body(toCsv(columns, rows as readonly Record<string, unknown>[]), 200, {
    "Content-Type": "text/csv; charset=utf-8",
    "Content-Disposition": `attachment; filename="${fileName}.csv"`,
  });
}
