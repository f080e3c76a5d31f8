import { randomInt } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { PROVIDER_LIMITS } from "@audiotricks/storage";
import type { Options } from "../options.ts";
import { MiB } from "../workload.ts";
import { addExpired } from "./add-expired.ts";
import { fillTables } from "./fill-tables.ts";
import { LOCK_WAIT_MS, type MeasuredPostgres } from "./open-server.ts";
import type { ServerFigure } from "./server-figure.ts";
import { startCompanion } from "./start-companion.ts";
import { quantile } from "./times.ts";
import { UploadClient } from "./upload-client.ts";
import { watchLocks } from "./watch-locks.ts";

const EXPIRED = 100_000;
const FILES = { putSize: 4 * MiB, multipartSize: 25 * MiB };
const STARTS_PER_SECOND = 30;
const WINDOW_MS = 24_000;
const KINDS = ["quiet", "here", "elsewhere"] as const;

/**
 * How long starts take while expired sessions are swept by another process, at the rate that Spaces allows it, against
 * while nothing is swept. The users who start are those whose sessions expire. In turn with these two: while as many
 * sessions of another database are swept, which takes as much of the machine and shares no row.
 */
export async function measureSweep(
  server: MeasuredPostgres,
  { rounds, share }: Options,
): Promise<ServerFigure[]> {
  await using database = await server.createDatabase();
  await using twin = await server.createDatabase();
  const config = { connections: 10, files: FILES };
  const sweeping = {
    connections: 4,
    files: FILES,
    settings: {
      sweepMs: WINDOW_MS,
      storeRequestsPerSecond: PROVIDER_LIMITS.digitalocean_spaces.requestsPerSecond.bucket,
    },
  };
  await using companion = await startCompanion({ ...config, databaseUrl: database.url });
  await using here = await startCompanion({ ...sweeping, databaseUrl: database.url });
  await using elsewhere = await startCompanion({ ...sweeping, databaseUrl: twin.url });
  const expired = Math.round(EXPIRED * share);
  for (const filled of [database, twin]) await fillTables(filled, 1_000);
  const owners = await addExpired(database, expired);
  await addExpired(twin, expired);

  using client = new UploadClient(companion.port);
  await startFor(client, owners, 2_000);
  const times = { quiet: [] as number[][], here: [] as number[][], elsewhere: [] as number[][] };
  let swept = 0;
  let waits = 0;
  const looked = { looks: 0, waiting: 0 };
  for (let round = 0; round < rounds; round++) {
    // Each of the three comes first, second and last.
    for (let turn = 0; turn < KINDS.length; turn++) {
      const kind = KINDS[(round + turn) % KINDS.length] ?? "quiet";
      const sweeper = { quiet: undefined, here, elsewhere }[kind];
      const waitsBefore = (await server.lockWaits()).length;
      const watch = kind === "here" ? watchLocks(database) : undefined;
      const [report, window] = await Promise.all([sweeper?.sweep(), startFor(client, owners, WINDOW_MS)]);
      times[kind].push(window);
      if (watch !== undefined) {
        const { looks, waiting } = await watch.end();
        looked.looks += looks;
        looked.waiting += waiting;
      }
      if (report !== undefined && report.failures.length > 0)
        throw new Error(JSON.stringify(report.failures[0]));
      if (kind !== "here") continue;
      swept += report?.sessionsAborted ?? 0;
      waits += (await server.lockWaits()).length - waitsBefore;
    }
  }
  const p99 = (windows: number[][]) => windows.map((window) => quantile(window, 0.99));
  const ratios = (above: number[][], below: number[][]) => {
    const divisors = p99(below);
    return p99(above).map((value, round) => value / (divisors[round] ?? Number.NaN));
  };
  const list = (windows: number[][]) => `${quantile(windows.flat(), 0.99).toFixed(1)} ms`;
  const locks =
    `${waits} waits for a lock of more than ${LOCK_WAIT_MS} ms in the log; ` +
    `somebody waiting in ${looked.waiting} of ${looked.looks} looks at pg_locks`;
  return [
    {
      title: `p99 of starts while ${expired.toLocaleString("en")} expired sessions are swept (${swept.toLocaleString("en")} were) ÷ while nothing is`,
      rounds: ratios(times.here, times.quiet),
      wanted: { most: 1.5 },
      unit: "×",
      sides: `${list(times.here)} ÷ ${list(times.quiet)}; ${locks}`,
    },
    {
      title: "p99 of starts while sessions are swept ÷ while those of another database are",
      rounds: ratios(times.here, times.elsewhere),
      wanted: { most: 1.5 },
      unit: "×",
      sides: `${list(times.here)} ÷ ${list(times.elsewhere)}`,
    },
  ];
}

/** @returns Milliseconds of each, from when it should have begun: whoever has to wait has waited. */
async function startFor(client: UploadClient, users: readonly string[], forMs: number): Promise<number[]> {
  const count = Math.round((forMs / 1000) * STARTS_PER_SECOND);
  const begunAt = performance.now();
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const dueAt = begunAt + (index * 1000) / STARTS_PER_SECOND;
      await delay(Math.max(0, dueAt - performance.now()));
      await client.start(users[randomInt(users.length)] ?? "", [FILES.putSize]);
      return performance.now() - dueAt;
    }),
  );
}
