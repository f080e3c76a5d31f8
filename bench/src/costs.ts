// How long it takes to count what lies in the buckets, and to say what it costs: node bench/src/costs.ts [--files 200000]
import { parseArgs } from "node:util";
import { createStorage, type Database, openProviders } from "@audiotricks/storage";
import { createTemplate, createTestDatabase } from "@audiotricks/testing/database";
import { startPostgres } from "@audiotricks/testing/postgres";
import { seedProvider } from "@audiotricks/testing/seed";
import { Kysely, PostgresDialect } from "kysely";
import { fillTables } from "./server/fill-tables.ts";

const { values } = parseArgs({ options: { files: { type: "string", default: "200000" } } });
const files = Number(values.files);
if (!Number.isInteger(files) || files < 1) throw new Error("--files is a number of files");

await using postgres = await startPostgres();
await createTemplate(postgres.url);
await using database = await createTestDatabase<Database>(postgres.url);
await seedProvider(database.db);
await fillTables(database, files);

let longestMs = 0;
const db = new Kysely<Database>({
  dialect: new PostgresDialect({ pool: database.pool }),
  log: ({ queryDurationMillis }) => {
    longestMs = Math.max(longestMs, queryDurationMillis);
  },
});
const storage = createStorage({ db, providers: await openProviders({ db }) });
const operator = { userId: "00000000-0000-4000-8000-000000000001", isOperator: true };

for (const [name, work] of Object.entries({
  "count an hour": async () => {
    const counted = await storage.upkeep.sampleStorage();
    if (counted.files < files) throw new Error(`only ${counted.files} were counted`);
  },
  "say what a month costs": () => storage.costs.report(operator, { limit: 100 }),
  forecast: () => storage.costs.forecast(operator),
  "what if older than 90 days": () => storage.costs.whatIf(operator, { olderThanDays: 90 }),
  "look at all alerts": () => storage.upkeep.watchAlerts(),
})) {
  longestMs = 0;
  const begunAt = performance.now();
  await work();
  const ms = performance.now() - begunAt;
  console.log(
    `${files} files, ${name}: ${ms.toFixed(0)} ms, the longest statement ${longestMs.toFixed(0)} ms`,
  );
}
await storage.close();
