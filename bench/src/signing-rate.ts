import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import { createPresigner } from "@audiotricks/storage";
import { Api } from "./api.ts";
import { median } from "./median.ts";
import type { Options } from "./options.ts";
import { startPeer } from "./peers/start-peer.ts";
import { openPlace, type Place } from "./place.ts";
import { describeMachine, saveResult } from "./saved-results.ts";
import { MiB } from "./workload.ts";

export interface SigningResult {
  machine: string;
  measuredAt: string;
  /** URLs a second, medians. */
  companion: number;
  uppyCompanion: number;
  bareLoop: number;
}

export const SIGNING = "signing";
const BATCH = 100;
/** Enough for a server on one core never to wait for us. */
const CONNECTIONS = 8;
const ROUND_MS = 3000;

/** Part URLs a second: from our companion over HTTP by the hundred, from Uppy's one by one, and from the signer alone. */
export async function signingRate({ rounds }: Options): Promise<void> {
  await using place = await openPlace();
  await using peer = await startPeer("companion.ts", place);
  pinToOneCore(place.stack.server.pid);
  pinToOneCore(peer.pid);
  const sources = { companion: await ourBatches(place), uppyCompanion: uppySigns(peer.origin) };
  const rates = { companion: [] as number[], uppyCompanion: [] as number[], bareLoop: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    const now = {
      companion: BATCH * (await requestsPerSecond(sources.companion)),
      uppyCompanion: await requestsPerSecond(sources.uppyCompanion),
      bareLoop: bareLoop(place),
    };
    // The first round is for compilers to warm up.
    if (round > 0) for (const name of Object.keys(now) as (keyof typeof now)[]) rates[name].push(now[name]);
  }
  const result: SigningResult = {
    machine: describeMachine(),
    measuredAt: new Date().toISOString(),
    companion: median(rates.companion),
    uppyCompanion: median(rates.uppyCompanion),
    bareLoop: median(rates.bareLoop),
  };
  await saveResult(SIGNING, result);
  const perSecond = (rate: number) => `${Math.round(rate).toLocaleString("en")} URLs/s`;
  console.log(
    `Signing, one core: companion ${perSecond(result.companion)}, @uppy/companion ${perSecond(result.uppyCompanion)}, bare loop ${perSecond(result.bareLoop)}: ` +
      `${(result.companion / result.uppyCompanion).toFixed(1)} × @uppy/companion, ${(result.companion / result.bareLoop).toFixed(2)} × the bare loop`,
  );
}

interface Source {
  method: string;
  url: (index: number) => string;
  headers: Record<string, string>;
  body?: (index: number) => string;
}

async function ourBatches({ stack }: Place): Promise<Source> {
  const api = await Api.signIn(stack.server.url);
  const partCount = 500;
  const [session] = await api.createUploads([partCount * 10 * MiB]);
  if (session === undefined) throw new Error("no session");
  const batches = Array.from({ length: partCount / BATCH }, (_, batch) =>
    JSON.stringify({ partNumbers: Array.from({ length: BATCH }, (_, index) => batch * BATCH + index + 1) }),
  );
  return {
    method: "POST",
    url: () => `${stack.server.url}/v1/uploads/${session.sessionId}/parts/sign`,
    headers: { authorization: `Bearer ${api.token}`, "content-type": "application/json" },
    body: (index) => batches[index % batches.length] ?? "",
  };
}

function uppySigns(origin: string): Source {
  const [uploadId, key] = [`2~${randomUUID()}`, randomUUID()];
  return {
    method: "GET",
    url: (index) => `${origin}/s3/multipart/${uploadId}/${(index % 500) + 1}?key=${key}`,
    headers: {},
  };
}

async function requestsPerSecond(source: Source): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const begunAt = performance.now();
  let count = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() - begunAt < ROUND_MS) await answerOf(source, agent, count++);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, lane));
  agent.destroy();
  return (count * 1000) / (performance.now() - begunAt);
}

function answerOf({ method, url, headers, body }: Source, agent: Agent, index: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(url(index), { method, headers, agent }, (answer) => {
      answer.resume().on("end", () => {
        if (answer.statusCode === 200) resolve();
        else reject(new Error(`${method} ${url(index)}: ${answer.statusCode}`));
      });
    });
    sent.on("error", reject).end(body?.(index));
  });
}

function bareLoop({ bucket }: Place): number {
  const { accessKeyId, secretAccessKey } = bucket;
  const credentials = { accessKeyId, secretAccessKey };
  const presigner = createPresigner({ ...bucket, forcePathStyle: true, credentials, now: () => new Date() });
  const [uploadId, key] = [`2~${randomUUID()}`, randomUUID()];
  const begunAt = performance.now();
  let count = 0;
  while (performance.now() - begunAt < ROUND_MS / 3) {
    for (let index = 0; index < BATCH; index++) {
      presigner.uploadPart({ key, uploadId, partNumber: index + 1, size: 10 * MiB, expiresIn: 3600 });
    }
    count += BATCH;
  }
  return (count * 1000) / (performance.now() - begunAt);
}

/** Where there is a tool for it: elsewhere the figure is of a process with one thread for its work, which is nearly the same. */
function pinToOneCore(pid: number): void {
  spawnSync("taskset", ["-a", "-p", "-c", "0", String(pid)], { stdio: "ignore" });
}
