import { randomInt } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { seedUser } from "@audiotricks/testing/seed";
import type { Options } from "../options.ts";
import { MiB } from "../workload.ts";
import { capProcessor } from "./cap-processor.ts";
import { fillTables } from "./fill-tables.ts";
import type { MeasuredPostgres } from "./open-server.ts";
import { processorMs } from "./processor-time.ts";
import type { ServerFigure } from "./server-figure.ts";
import { type CompanionProcess, startCompanion } from "./start-companion.ts";
import { UploadClient } from "./upload-client.ts";

const FILES = { putSize: 4 * MiB, multipartSize: 25 * MiB };
const SHARE = 0.25;
/** Uploads at once at each companion: enough for it never to wait for us. */
const LANES = 8;
const USERS = 200;
const SETTLE_MS = 2_000;
const ROUND_MS = 8_000;

/** Two companions with a quarter of a processor each against one: uploads a second, and what each costs. */
export async function measureShare(server: MeasuredPostgres, { rounds }: Options): Promise<ServerFigure[]> {
  await using database = await server.createDatabase();
  await fillTables(database, 1_000);
  const users: string[] = [];
  for (let index = 0; index < USERS; index++) users.push(await seedUser(database.db));
  const config = { databaseUrl: database.url, connections: 10, files: FILES };
  await using first = await startCompanion(config);
  await using second = await startCompanion(config);
  // Starting, and what is compiled at the beginning, is not what is measured.
  await work([first, second], users, SETTLE_MS);
  await using cap = await capProcessor(first.pid, SHARE);
  await using _other = await capProcessor(second.pid, SHARE);

  const rates: Record<"one" | "two", number[]> = { one: [], two: [] };
  const costs: Record<"one" | "two", number[]> = { one: [], two: [] };
  for (let round = 0; round < rounds; round++) {
    for (const [name, companions] of [
      ["one", [first]],
      ["two", [first, second]],
    ] as const) {
      await work(companions, users, SETTLE_MS);
      const before = await spent(server, [first, second]);
      const begunAt = performance.now();
      const uploads = await work(companions, users, ROUND_MS);
      rates[name].push((uploads * 1000) / (performance.now() - begunAt));
      costs[name].push(((await spent(server, [first, second])) - before) / uploads);
      // Connections come to rest.
      await delay(100);
    }
  }
  const ratio = (values: typeof rates) =>
    values.two.map((value, round) => value / (values.one[round] ?? Number.NaN));
  const list = (values: number[], unit: string) =>
    `${values.map((value) => value.toFixed(1)).join(", ")} ${unit}`;
  return [
    {
      title: "uploads a second of two companions, each with a quarter of a processor ÷ of one",
      rounds: ratio(rates),
      wanted: { least: 1.8 },
      unit: "×",
      sides: `${list(rates.two, "/s")} ÷ ${list(rates.one, "/s")}; by ${cap.means}`,
    },
    {
      title: "processor time of an upload, companions and PostgreSQL: with two ÷ with one",
      rounds: ratio(costs),
      wanted: { most: 1.1 },
      unit: "×",
      sides: `${list(costs.two, "ms")} ÷ ${list(costs.one, "ms")}`,
    },
  ];
}

/** @returns Uploads that were completed. */
async function work(
  companions: readonly CompanionProcess[],
  users: readonly string[],
  forMs: number,
): Promise<number> {
  const begunAt = performance.now();
  let uploads = 0;
  const lanes = companions.flatMap((companion) => Array.from({ length: LANES }, () => companion.port));
  await Promise.all(
    lanes.map(async (port) => {
      using client = new UploadClient(port);
      while (performance.now() - begunAt < forMs) {
        const userId = users[randomInt(users.length)] ?? "";
        await client.complete(userId, await client.start(userId, [FILES.putSize]));
        uploads++;
      }
    }),
  );
  return uploads;
}

/** Milliseconds of processor so far. */
async function spent(server: MeasuredPostgres, companions: readonly CompanionProcess[]): Promise<number> {
  const all = await Promise.all([server.pid, ...companions.map(({ pid }) => pid)].map(processorMs));
  return all.reduce((sum, ms) => sum + ms, 0);
}
