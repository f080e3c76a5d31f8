import { randomInt } from "node:crypto";
import type { Database } from "@audiotricks/storage";
import type { TestDatabase } from "@audiotricks/testing/database";
import type { Options } from "../options.ts";
import { MiB } from "../workload.ts";
import { countMiscounted, fillTables } from "./fill-tables.ts";
import type { MeasuredPostgres } from "./open-server.ts";
import type { ServerFigure } from "./server-figure.ts";
import { startCompanion } from "./start-companion.ts";
import { readStatementTime, resetStatementTime } from "./statement-time.ts";
import { describeMs, sum, timeOf } from "./times.ts";
import { UploadClient } from "./upload-client.ts";

const FEW = 1_000;
const MANY = 5_000_000;
const FILES = { putSize: 4 * MiB, multipartSize: 25 * MiB };
const KINDS = [
  { title: "one PUT of 4 MiB", size: FILES.putSize, uploads: 120 },
  { title: "25 MiB in parts", size: FILES.multipartSize, uploads: 60 },
];
const WARM_UP = 50;

/** Starting and completing one upload with many files in the tables, and with few, one after the other in turns. */
export async function measureScale(
  server: MeasuredPostgres,
  { rounds, share }: Options,
): Promise<ServerFigure[]> {
  await using few = await openSide(server, FEW);
  await using many = await openSide(server, Math.round(MANY * share));
  const figures: ServerFigure[] = [];
  for (const { title, size, uploads } of KINDS) {
    for (let index = 0; index < WARM_UP; index++) for (const side of [few, many]) await side.upload(size);
    for (const { database } of [few, many]) await resetStatementTime(database);
    const times = { few: [] as number[], many: [] as number[] };
    const ratios: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const [ofFew, ofMany]: [number[], number[]] = [[], []];
      for (let index = 0; index < uploads; index++) {
        ofFew.push(await timeOf(() => few.upload(size)));
        ofMany.push(await timeOf(() => many.upload(size)));
      }
      ratios.push(sum(ofMany) / sum(ofFew));
      times.few.push(...ofFew);
      times.many.push(...ofMany);
    }
    const inDatabase = (await readStatementTime(many.database)) / (await readStatementTime(few.database));
    figures.push({
      title: `starting and completing an upload, ${title}: with ${many.files} files ÷ with ${few.files}`,
      rounds: ratios,
      wanted: { most: 1.2 },
      unit: "×",
      sides: `${describeMs(times.many)} ÷ ${describeMs(times.few)}; in the database alone ${inDatabase.toFixed(2)} ×`,
    });
  }
  return figures;
}

interface Side extends AsyncDisposable {
  files: string;
  database: TestDatabase<Database>;
  /** From the start to stored, by one of its users. */
  upload(size: number): Promise<void>;
}

async function openSide(server: MeasuredPostgres, fileCount: number): Promise<Side> {
  await using opened = new AsyncDisposableStack();
  const database = opened.use(await server.createDatabase());
  const companion = opened.use(
    await startCompanion({ databaseUrl: database.url, connections: 10, files: FILES }),
  );
  const files = fileCount.toLocaleString("en");
  const ms = await timeOf(() => fillTables(database, fileCount));
  console.log(`  ${files} files put into the tables in ${(ms / 1000).toFixed(0)} s`);
  const miscounted = await countMiscounted(database);
  if (miscounted > 0) throw new Error(`${miscounted} counters differ from the rows`);
  const { rows } = await database.pool.query<{ id: string }>("SELECT id FROM users ORDER BY id LIMIT 10");
  const users = rows.map(({ id }) => id);
  const client = opened.use(new UploadClient(companion.port));
  const moved = opened.move();
  return {
    files,
    database,
    upload: async (size) => {
      const userId = users[randomInt(users.length)] ?? "";
      await client.complete(userId, await client.start(userId, [size]));
    },
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}
