import { seedUser } from "@audiotricks/testing/seed";
import { median } from "../median.ts";
import type { Options } from "../options.ts";
import { MiB } from "../workload.ts";
import { captureStart } from "./captured-statements.ts";
import { fillTables } from "./fill-tables.ts";
import type { MeasuredPostgres } from "./open-server.ts";
import { processorMs } from "./processor-time.ts";
import { runPgbench } from "./run-pgbench.ts";
import type { ServerFigure } from "./server-figure.ts";
import { startCompanion } from "./start-companion.ts";
import { describeMs, sum, timeOf } from "./times.ts";
import { UploadClient } from "./upload-client.ts";

const FILES = { putSize: 4 * MiB, multipartSize: 25 * MiB };
const KINDS = [
  { title: "one PUT of 4 MiB", size: FILES.putSize },
  { title: "25 MiB in parts", size: FILES.multipartSize },
];
const STARTS = 800;
/** Of each round: connections open, functions are compiled. */
const WARM_UP = 80;
/** Starts at once. */
const LANES = 8;
const BATCH = 50;
const BATCHES = 10;
const ALONE = 60;

/** Starting a file through the companion against pgbench with the same statements, and by fifties against one by one. */
export async function measureStart(server: MeasuredPostgres, { rounds }: Options): Promise<ServerFigure[]> {
  await using database = await server.createDatabase();
  const config = { databaseUrl: database.url, connections: 10, files: FILES };
  await using companion = await startCompanion(config);
  await fillTables(database, 1_000);
  const figures: ServerFigure[] = [];

  for (const { title, size } of KINDS) {
    const costs: Record<"companion" | "pgbench", number[]> = { companion: [], pgbench: [] };
    const waits: Record<"companion" | "pgbench", number[]> = { companion: [], pgbench: [] };
    let statements = 0;
    for (let round = 0; round < rounds; round++) {
      // Nobody may start as many in a minute as two rounds do.
      const [one, other] = [await seedUser(database.db), await seedUser(database.db)];
      const start = await captureStart(config, other, size);
      statements = start.statements.length;
      const bench = (transactions: number, clients: number) =>
        runPgbench(server, database.url, start, { transactions, clients });
      await bench(WARM_UP, 1);
      waits.pgbench.push(median((await bench(WARM_UP, 1)).times));
      const before = await processorMs(server.pid);
      const { processorMs: ofPgbench } = await bench(STARTS / LANES, LANES);
      costs.pgbench.push((ofPgbench + (await processorMs(server.pid)) - before) / STARTS);

      await startAll(companion.port, one, size, WARM_UP, 1);
      waits.companion.push(median(await startAll(companion.port, one, size, WARM_UP, 1)));
      const spent = () => Promise.all([server.pid, companion.pid].map(processorMs)).then(sum);
      const spentBefore = await spent();
      await startAll(companion.port, one, size, STARTS, LANES);
      costs.companion.push(((await spent()) - spentBefore) / STARTS);
    }
    const alone = describeRatio(waits.companion, waits.pgbench);
    figures.push({
      title: `processor time of starting a file through the companion, ${title} ÷ of its ${statements} statements in pgbench`,
      rounds: ratiosOf(costs.companion, costs.pgbench),
      wanted: { most: 2 },
      unit: "×",
      sides: `${describeMs(costs.companion)} ÷ ${describeMs(costs.pgbench)}; one at a time, until it is answered: ${alone}`,
    });
  }

  const userId = await seedUser(database.db);
  using client = new UploadClient(companion.port);
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

/** @returns Milliseconds of each. */
async function startAll(
  port: number,
  userId: string,
  size: number,
  count: number,
  lanes: number,
): Promise<number[]> {
  const times = await Promise.all(
    Array.from({ length: lanes }, async () => {
      using client = new UploadClient(port);
      const own: number[] = [];
      for (let index = 0; index < count / lanes; index++)
        own.push(await timeOf(() => client.start(userId, [size])));
      return own;
    }),
  );
  return times.flat();
}

function ratiosOf(above: readonly number[], below: readonly number[]): number[] {
  return above.map((value, round) => value / (below[round] ?? Number.NaN));
}

function describeRatio(above: readonly number[], below: readonly number[]): string {
  return `${median(ratiosOf(above, below)).toFixed(2)} × (${describeMs(above)} ÷ ${describeMs(below)})`;
}
