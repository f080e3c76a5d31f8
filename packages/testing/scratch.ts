import { sql } from "kysely";
import { createPgliteDatabase } from "./src/database.ts";

console.time("a");
const d = await createPgliteDatabase<any>();
console.timeEnd("a");
console.time("b");
const d2 = await createPgliteDatabase<any>();
console.timeEnd("b");
console.log(
  (
    await sql`select plan_part_size(5000000000000, 10485760) as n, (select count(*) from users) as c`.execute(
      d2.db,
    )
  ).rows,
);
console.time("c");
await d[Symbol.asyncDispose]();
console.timeEnd("c");
console.time("c");
await d2[Symbol.asyncDispose]();
console.timeEnd("c");
console.log(process.getActiveResourcesInfo());
