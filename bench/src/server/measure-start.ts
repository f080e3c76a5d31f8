import { seedUser } from "@audiotricks/testing/seed";
import { median } from "../median.ts";
import type { Options } from "../options.ts";
import { MiB } from "../workload.ts";
import { captureStart } from "./captured-statements.ts";
import { fillTables } from "./fill-tables.ts";
import type { MeasuredPostgres } from "./open-server.ts";
import { runPgbench } from "./run-pgbench.ts";
import type { ServerFigure } from "./server-figure.ts";
import { startCompanion } from "./start-companion.ts";
import { describeMs, timeOf } from "./times.ts";
import { UploadClient } from "./upload-client.ts";

const FILES = { putSize: 4 * MiB, multipartSize: 25 * MiB };
const KINDS = [
  { title: "one PUT of 4 MiB", size: FILES.putSize },
  { title: "25 MiB in parts", size: FILES.multipartSize },
];
const STARTS = 400;
/** Of each round: connections open, functions are compiled. */
const WARM_UP = 50;
const BATCH = 50;
const BATCHES = 10;
const ALONE = 60;

/** Starting a file through the companion against pgbench with the same statements, and by fifties against one by one. */
export async function measureStart(server: MeasuredPostgres, { rounds }: Options): Promise<ServerFigure[]> {
  await using database = await server.createDatabase();
  const config = { databaseUrl: database.url, connections: 10, files: FILES };
  await using companion = await startCompanion(config);
  await fillTables(database, 1_000);
  const userId = await seedUser(database.db);
  using client = new UploadClient(companion.port);
  const figures: ServerFigure[] = [];

  for (const { title, size } of KINDS) {
    const start = await captureStart(config, userId, size);
    const times = { companion: [] as number[], pgbench: [] as number[] };
    const ratios: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const pgbench = (await runPgbench(server, database.url, start, WARM_UP + STARTS)).slice(WARM_UP);
      const ours: number[] = [];
      for (let index = 0; index < WARM_UP + STARTS; index++) {
        ours.push(await timeOf(() => client.start(userId, [size])));
      }
      ours.splice(0, WARM_UP);
      ratios.push(median(ours) / median(pgbench));
      times.companion.push(...ours);
      times.pgbench.push(...pgbench);
    }
    figures.push({
      title: `starting a file through the companion, ${title} ÷ its ${start.statements.length} statements in pgbench`,
      rounds: ratios,
      wanted: { most: 2 },
      unit: "×",
      sides: `${describeMs(times.companion)} ÷ ${describeMs(times.pgbench)}`,
    });
  }

  for (const { title, size } of KINDS) {
    const times = { batched: [] as number[], alone: [] as number[] };
    const ratios: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const [batched, alone]: [number[], number[]] = [[], []];
      for (let index = 0; index < BATCHES; index++) {
        const sizes = Array.from({ length: BATCH }, () => size);
        batched.push((await timeOf(() => client.start(userId, sizes))) / BATCH);
        for (let single = 0; single < ALONE / BATCHES; single++) {
          alone.push(await timeOf(() => client.start(userId, [size])));
        }
      }
      ratios.push(median(batched) / median(alone));
      times.batched.push(...batched);
      times.alone.push(...alone);
    }
    figures.push({
      title: `starting a file in a batch of ${BATCH}, ${title} ÷ a start on its own`,
      rounds: ratios,
      wanted: { most: 0.3 },
      unit: "×",
      sides: `${describeMs(times.batched)} ÷ ${describeMs(times.alone)}`,
    });
  }
  return figures;
}
