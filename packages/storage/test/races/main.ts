import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startCephGateway } from "@audiotricks/testing/ceph";
import { createTemplate } from "@audiotricks/testing/database";
import { startPostgres } from "@audiotricks/testing/postgres";
import { sql } from "kysely";
import { openEmulator } from "../open-emulator.ts";
import type { TestStore } from "../test-storage.ts";
import { raceCompleteAgainstCancel } from "./complete-or-cancel.ts";
import { raceDeleteAgainstDownload } from "./delete-or-download.ts";
import { raceDuplicateCompletes } from "./duplicate-completes.ts";
import { raceSweepAgainstLateParts } from "./late-parts.ts";
import { type OpenArena, openArena } from "./open-arena.ts";
import { raceForQuota } from "./quota-edge.ts";
import type { RaceResult } from "./race.ts";

// `npm run races -- [--store=ceph] [--share=0.1]`: the full counts, and their figures in RACES.md.
const { values } = parseArgs({
  options: {
    store: { type: "string", default: "emulator" },
    /** The race of this name alone. */
    only: { type: "string" },
    /** Of the full counts; less than all of them writes nothing down. */
    share: { type: "string", default: "1" },
  },
});
const REPORT = join(import.meta.dirname, "../../RACES.md");
const share = Number(values.share);
const of = (full: number) => Math.max(1, Math.round(full * share));

const RACES: [name: string, run: (arena: OpenArena) => Promise<RaceResult>][] = [
  ["500 starts at the edge of a limit", (arena) => raceForQuota(arena, { rounds: of(100), starts: 500 })],
  [
    "20 completes of one upload",
    (arena) => raceDuplicateCompletes(arena, { uploads: of(1000), times: 20, lanes: 4 }),
  ],
  ["complete against cancel", (arena) => raceCompleteAgainstCancel(arena, { rounds: of(500), lanes: 4 })],
  ["delete against download", (arena) => raceDeleteAgainstDownload(arena, { rounds: of(500), lanes: 4 })],
  [
    "sweep against 20 late parts",
    (arena) => raceSweepAgainstLateParts(arena, { rounds: of(50), sweeper: arena.sweeper }),
  ],
];

const { postgres, store } = await startServers();
try {
  const lines: string[] = [];
  let wrongs = 0;
  let version = "";
  for (const [name, run] of RACES.filter(([name]) => values.only === undefined || name === values.only)) {
    await using arena = await openArena(store);
    const { rows } = await sql<{ server_version: string }>`SHOW server_version`.execute(arena.db);
    version = rows[0]?.server_version ?? "";
    const begin = performance.now();
    const result = await run(arena);
    wrongs += result.wrongs.length;
    for (const wrong of result.wrongs.slice(0, 20)) console.error(`${name}: ${wrong}`);
    const outcomes = Object.entries(result.outcomes).map(([outcome, count]) => `${count} ${outcome}`);
    const seconds = Math.round((performance.now() - begin) / 1000);
    lines.push(
      `| ${[name, result.rounds, result.calls, outcomes.join(", "), result.wrongs.length, seconds].join(" | ")} |`,
    );
    console.log(lines.at(-1));
  }
  const made = `By \`npm run races\`: PostgreSQL ${version}, ${values.store}, three servers in one process, ${cpus().length} processors that had other work too.`;
  if (share === 1) writeFileSync(REPORT, report(made, [...otherLines(), ...lines]));
  process.exitCode = wrongs === 0 ? 0 : 1;
} finally {
  await store.close();
  await postgres.stop();
}

async function startServers() {
  const postgres = await startPostgres();
  await createTemplate(postgres.url);
  process.env.TEST_POSTGRES_URL = postgres.url;
  return { postgres, store: values.store === "ceph" ? await openCeph() : await openEmulator() };
}

async function openCeph(): Promise<TestStore & { close(): Promise<void> }> {
  const ceph = await startCephGateway();
  const { endpoint, region, accessKeyId, secretAccessKey } = ceph;
  return { endpoint, region, accessKeyId, secretAccessKey, close: () => ceph.stop() };
}

/** Of the races that were run before this one. */
function otherLines(): string[] {
  if (values.only === undefined || !existsSync(REPORT)) return [];
  const others = RACES.map(([name]) => name).filter((name) => name !== values.only);
  const lines = readFileSync(REPORT, "utf8").split("\n");
  return lines.filter((line) => others.some((name) => line.startsWith(`| ${name} `)));
}

function report(made: string, lines: readonly string[]): string {
  return `# Races

${made}

| race | rounds | calls at once, in all | outcomes | violations | seconds |
| --- | ---: | ---: | --- | ---: | ---: |
${lines.join("\n")}

What must hold, beside each race's own rules: counters are what their rows say, no file was stored or deleted twice by the log of who
did what, and none was told of twice.
`;
}
