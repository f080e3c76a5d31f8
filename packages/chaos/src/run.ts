import { setTimeout as delay } from "node:timers/promises";
import type { Pool } from "pg";
import { checkAnswers } from "./check/answers.ts";
import { checkBucket } from "./check/bucket.ts";
import { checkEvents } from "./check/events.ts";
import { checkOperations } from "./check/operations.ts";
import { runDevice } from "./device.ts";
import { Ledger } from "./ledger.ts";
import { makeTrouble } from "./make-trouble.ts";
import { sweepLater } from "./night.ts";
import { openSite, type Site } from "./open-site.ts";
import { Page } from "./page.ts";
import { bringPeople } from "./people.ts";
import { announce } from "./say.ts";
import { checkCounters, watchCounters } from "./watch-counters.ts";

export interface RunOptions {
  kills: number;
  seconds: number;
  seed: number;
  store: "ceph" | "emulator";
  /** Ends the trouble early; what was begun is still checked. */
  signal: AbortSignal;
}

export interface RunResult {
  store: string;
  kills: number;
  troubleSeconds: number;
  counts: Record<string, number>;
  violations: string[];
}

const DEVICES = 6;
const PAGES = 3;
const SETTLE_MS = 90_000;

/** Starts everything, makes trouble, lets it come to rest, and looks at what is left. Nothing of it stays. */
export async function run(options: RunOptions): Promise<RunResult> {
  await using stack = new AsyncDisposableStack();
  const ledger = new Ledger();
  const site = await openSite(stack, { ledger, ...options });
  const made = await uploadInTrouble(site, options);
  await comeToRest(site);
  announce("looking at what is left");
  await check(site);
  const { toCompanions, toStore, wire, store } = site;
  for (const [where, count] of toCompanions.cuts) ledger.count(`cut to a companion, ${where}`, count);
  for (const [where, count] of toStore.cuts) ledger.count(`cut to the store, ${where}`, count);
  ledger.count("cut to the database", wire.cuts);
  const counts = Object.fromEntries([...ledger.counts].sort(([a], [b]) => a.localeCompare(b)));
  return { store: store.name, ...made, counts, violations: ledger.violations };
}

/** People come, everything goes wrong, and once it no longer does they finish what they began. */
async function uploadInTrouble(
  site: Site,
  { kills, seconds, seed, signal }: RunOptions,
): Promise<Pick<RunResult, "kills" | "troubleSeconds">> {
  const { ledger, pool, toCompanions, jwtSecret, secrets, companions, workers } = site;
  const leaving = new AbortController();
  const { people, tokens } = await bringPeople({
    count: DEVICES + PAGES,
    pool,
    companionUrl: toCompanions.endpoint,
    secret: jwtSecret,
    seed,
    ledger,
    signal: leaving.signal,
  });
  secrets.add(tokens);
  const pages = people.slice(DEVICES).map((person) => new Page(person));
  const busy = Promise.all([...people.slice(0, DEVICES).map(runDevice), ...pages.map((page) => page.run())]);
  busy.catch(() => undefined);
  const watching = new AbortController();
  const watch = watchCounters(pool, ledger, watching.signal);

  announce(`making trouble: at most ${kills} kills, ${seconds} s`);
  const began = performance.now();
  const until = AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000)]);
  const killed = await makeTrouble(site, { kills, seed, signal: until });
  const troubleSeconds = Math.round((performance.now() - began) / 1000);
  announce(`quiet, after ${killed} kills in ${troubleSeconds} s`);
  await Promise.all([...companions, ...workers].map((server) => server.untilReady()));
  leaving.abort();
  announce("everything runs; what was begun is finished");
  await busy;
  await Promise.all(pages.map((page) => page.settle(SETTLE_MS)));
  watching.abort();
  await watch;
  return { kills: killed, troubleSeconds };
}

async function comeToRest({ ledger, pool, env, companions, workers, begin }: Site): Promise<void> {
  announce("told to stop, and swept five days later");
  const ended = await Promise.all([...companions, ...workers].map((server) => server.endCleanly()));
  for (const how of ended) if (how !== 0) ledger.wrong(`a server that was told to stop ended with ${how}`);
  await sweepLater(pool, env, ledger);
  announce("waiting for the last events");
  const last = begin("the last server");
  await last.untilReady();
  await untilDelivered(pool);
  await last.endCleanly();
}

/** As time does: whatever was put off is due now. */
async function untilDelivered(pool: Pool): Promise<void> {
  for (const deadline = Date.now() + SETTLE_MS; Date.now() < deadline; await delay(1000)) {
    const { rows } = await pool.query<{ left: string }>(
      "SELECT count(*) AS left FROM outbox_events WHERE status = 'pending'",
    );
    if (rows[0]?.left === "0") return;
    await pool.query(
      "UPDATE outbox_events SET next_attempt_at = now() WHERE status = 'pending' AND next_attempt_at > now() + interval '35 s'",
    );
  }
}

async function check(site: Site): Promise<void> {
  const { ledger, pool, secrets } = site;
  await checkBucket(site);
  await checkAnswers(site);
  await checkEvents(site);
  await checkOperations(site);
  await secrets.searchDatabase(pool);
  for (const { scope, id, reserved } of await checkCounters(pool, ledger))
    if (Number(reserved) !== 0) ledger.wrong(`4: ${scope} ${id} has ${reserved} bytes reserved for ever`);
}
