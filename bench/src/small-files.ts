// Where the time of many small files goes, without a browser and without a link: `node bench/src/small-files.ts --help`.
import { subscribe } from "node:diagnostics_channel";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import type { CompleteUploadsResponse, CreateUploadsResponse } from "@audiotricks/protocol/messages";
import { wavBytes } from "@audiotricks/testing/audio";
import { openMeasuredCompanion } from "./measured-companion.ts";

const { values } = parseArgs({
  options: {
    /** PGlite and the emulator, instead of PostgreSQL and Ceph. */
    embedded: { type: "boolean", default: false },
    count: { type: "string", default: "600" },
    size: { type: "string", default: "10240" },
    rounds: { type: "string", default: "3" },
    help: { type: "boolean", default: false },
  },
});
const USAGE = "node bench/src/small-files.ts [--embedded] [--count 600] [--size 10240] [--rounds 3]";
if (values.help) {
  console.log(USAGE);
  process.exit();
}

const BATCH = 100;
const PUTS = 12;
/** As many as our engine has under way. */
const COMPLETIONS = 2;
const [count, size, rounds] = [
  wholeNumber(values.count),
  wholeNumber(values.size),
  wholeNumber(values.rounds),
];

await using companion = await openMeasuredCompanion(values);
let statements = 0;
let storeRequests = 0;
let lastRequests: string[] = [];
companion.onStatement(() => statements++);
subscribe("http.client.request.start", (message) => {
  storeRequests++;
  const { method, path } = (message as { request: { method: string; path: string } }).request;
  lastRequests.push(`${method} ${path.replace(/^[^?]*/, "").replaceAll(/=[^&]*/g, "")}`);
});

const bytes = wavBytes(size);
console.log(`${count} files of ${size} bytes, ${values.embedded ? "PGlite, emulator" : "PostgreSQL, Ceph"}`);
console.log("round  step      ms/file  CPU ms/file: ours  all   SQL/file  S3/file");
for (let round = 0; round <= rounds; round++) {
  // The first is for compilers to warm up.
  const label = round === 0 ? "(warm)" : `${round}     `;
  const urls: string[] = [];
  const ids: string[] = [];
  await step(label, "create", batches(count, BATCH), 1, async (batch) => {
    const files = batch.map((index) => ({ clientId: String(index), name: `${index}.wav`, size }));
    const { results } = await companion.post<CreateUploadsResponse>("/v1/uploads", { files });
    for (const result of results) {
      if ("error" in result) throw new Error(result.error.message);
      ids.push(result.session.sessionId);
      urls.push(result.session.urls[0]?.url ?? "");
    }
  });
  await step(label, "PUT", urls, PUTS, async (url) => {
    const answer = await fetch(url, { method: "PUT", body: bytes });
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`PUT: ${answer.status}`);
  });
  lastRequests = [];
  await step(label, "complete", batches(count, BATCH), COMPLETIONS, async (batch) => {
    const uploads = batch.map((index) => ({ sessionId: ids[index] ?? "" }));
    const { results } = await companion.post<CompleteUploadsResponse>("/v1/uploads/complete", { uploads });
    const failed = results.find((result) => "error" in result || result.state !== "completed");
    if (failed !== undefined) throw new Error(JSON.stringify(failed));
  });
}
const kinds = Map.groupBy(lastRequests, (kind) => kind);
for (const [kind, all] of kinds) console.log(`  ${(all.length / count).toFixed(2)} × ${kind}`);

async function step<Item>(
  label: string,
  name: string,
  items: readonly Item[],
  lanes: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const before = {
    statements,
    storeRequests,
    cpu: process.cpuUsage(),
    busy: busyMs(),
    at: performance.now(),
  };
  const rest = items.values();
  const lane = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  const { user, system } = process.cpuUsage(before.cpu);
  const figures = [
    (performance.now() - before.at) / count,
    (user + system) / 1000 / count,
    (busyMs() - before.busy) / count,
    (statements - before.statements) / count,
    (storeRequests - before.storeRequests) / count,
  ].map((figure) => figure.toFixed(2).padStart(8));
  console.log(`${label} ${name.padEnd(9)}${figures[0]} ${figures[1]}          ${figures.slice(2).join(" ")}`);
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error(USAGE);
  return number;
}

function batches(total: number, batchSize: number): number[][] {
  const indices = Array.from({ length: total }, (_, index) => index);
  return Array.from({ length: Math.ceil(total / batchSize) }, (_, batch) =>
    indices.slice(batch * batchSize, (batch + 1) * batchSize),
  );
}

/** Of all processors, by all processes. */
function busyMs(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
}
