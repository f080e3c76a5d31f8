import { sql } from "kysely";
import { createTemplate, createTestDatabase } from "./src/database.ts";
import { startPostgres } from "./src/postgres.ts";

console.time("start");
await using pg = await startPostgres();
console.timeEnd("start");
console.time("template");
await createTemplate(pg.url);
console.timeEnd("template");
console.time("clone");
await using d = await createTestDatabase<unknown>(pg.url);
console.timeEnd("clone");
console.log(
  (
    await sql`select plan_part_size(5000000000000, 10485760) as n, (select count(*) from users) as c`.execute(
      d.db,
    )
  ).rows,
);
