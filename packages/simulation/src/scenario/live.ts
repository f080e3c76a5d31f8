import { whateverComes } from "../actors/device.ts";
import { Watch } from "../invariants/watch.ts";
import { furnish } from "../site/furnish.ts";
import type { SharedDatabase } from "../site/shared-database.ts";
import { Site } from "../site/site.ts";
import { forgetContents } from "../store/content.ts";
import { answerFetches, enterWorld } from "../world/take-over-process.ts";
import { editByHand } from "./by-hand.ts";
import { finishExports } from "./finish-exports.ts";
import { finishGroups } from "./finish-groups.ts";
import { Cast } from "./perform.ts";
import { type BeforeRestore, backUp, restoreByHand } from "./restore.ts";
import type { Scenario } from "./scenario.ts";

/** What came of one run. */
export interface Life {
  wrongs: string[];
  operations: number;
  deeds: ReadonlyMap<string, number>;
  faults: ReadonlyMap<string, number>;
  storeCalls: number;
  statements: number;
  /** Files that somebody was told are stored, and commits after which the invariants were held. */
  stored: number;
  looks: number;
  /** Attempts to tell the receiver of an event. */
  deliveries: number;
  /** The same for the same scenario, or chance has crept in. */
  fingerprint: string;
}

const A_WHILE_MS = 620_000;
const A_DAY_MS = 90_000_000;
/** After which an export goes. */
const A_WEEK_MS = 8 * 86_400_000;
/** What was stored last moves, and then the last link to where it was has run out; and once more for what had to wait. */
const AS_FILES_MOVE_MS = [1_300_000, 1_300_000];
/** Sessions that SQL makes live for a day. */
const BORN_IN_SQL_EXPIRES_IN = 86_400;

/** Lives through a scenario, then lets everything come to rest, and says what was wrong. */
export async function live(scenario: Scenario, shared: SharedDatabase): Promise<Life> {
  enterWorld(undefined, 0);
  await shared.reset();
  forgetContents();
  const { climate, honoursCopyCondition, sessionExpiresIn, uploadUrlExpiresIn } = scenario;
  const settings = { sessionExpiresIn, uploadUrlExpiresIn, takeInMemoryUpTo: 2_048, waitForOtherMs: 100 };
  const site = new Site(shared, { climate, honoursCopyCondition, settings });
  const { world } = site;
  enterWorld(world, 1);
  answerFetches(site.receiver.fetch);
  const cast = new Cast(site);
  const watch = new Watch(site);
  const broken = (error: unknown) =>
    site.wrong(`the simulation itself: ${error instanceof Error ? error.stack : String(error)}`);
  try {
    await cast.as("furnish", () => furnish(site, shared, scenario, scenario.timeZone));
    await cast.enter(scenario.servers, "enter");
    const backUpAt = Math.floor((scenario.operations.length * scenario.backupAt) / 100);
    let before: BeforeRestore | undefined;
    for (const [index, operation] of scenario.operations.entries()) {
      if (watch.isBroken) break;
      if (scenario.byHand === "restore" && index === backUpAt) {
        void cast.as("backup", async () => {
          before = await backUp(site, shared.pglite);
        });
      }
      void cast.as(`${operation.luck}`, () => whateverComes(cast.perform(operation)).catch(broken));
      await world.pass(operation.thenMs + cast.whileMs);
      cast.whileMs = 0;
    }
    if (!watch.isBroken) await comeToRest(site, cast, scenario);
    if (!watch.isBroken) await watch.end();
    if (!watch.isBroken && scenario.byHand !== "nothing") {
      // What is promised from here on is another matter.
      watch.rest();
      await cast.as("by hand", async () => {
        if (scenario.byHand === "edits") await editByHand(site, cast, scenario.climate);
        else if (before !== undefined) await restoreByHand(site, cast, scenario.climate, before);
      });
    }
  } catch (error) {
    broken(error);
  } finally {
    for (const browser of cast.browsers) await browser.leave();
    for (const { actor } of cast.companions) await world.kill(actor);
    answerFetches(undefined);
    enterWorld(undefined, 0);
  }
  return {
    wrongs: [...watch.wrongs, ...site.wrongs],
    operations: site.operations,
    deeds: site.deeds,
    faults: site.faults.counts,
    storeCalls: storeCalls(site),
    statements: site.database.statements,
    stored: [...site.ledger.sessions.values()].filter(({ completed }) => completed !== null).length,
    looks: watch.looks,
    deliveries: site.receiver.deliveries,
    fingerprint: `${world.now}/${world.happened}/${site.database.statements}/${storeCalls(site)}`,
  };
}

function storeCalls({ buckets }: Site): number {
  return buckets.all.reduce((sum, { s3 }) => sum + s3.requests, 0);
}

/** No more trouble; whoever is stalled goes on; every session runs out, and is swept. */
async function comeToRest(site: Site, cast: Cast, scenario: Scenario): Promise<void> {
  const { world, faults, buckets } = site;
  faults.calm();
  for (const { s3 } of buckets.all) s3.busyUntil = 0;
  site.receiver.downUntil = 0;
  for (const { actor } of cast.companions) actor.wallOffsetMs = 0;
  // Longer than anybody is stalled, and than the store works on anything.
  await world.pass(2_000_000);
  await finishInBrowsers(site, cast);
  await finishExports(site, cast);
  const longest = Math.max(scenario.sessionExpiresIn, BORN_IN_SQL_EXPIRES_IN);
  // After a day what may live for longer is still alive.
  const waits = [A_WHILE_MS, A_DAY_MS, 1000 * longest, A_WEEK_MS, ...AS_FILES_MOVE_MS, 1_000_000, A_WHILE_MS];
  for (const [index, ms] of waits.entries()) {
    await world.pass(ms);
    let isOver = false;
    void cast
      .as(`sweep ${index}`, async () => {
        await cast.device.ask((storage) => storage.moveFiles(), A_WHILE_MS);
        const report = await cast.device.ask((storage) => storage.sweep());
        if (index === waits.length - 1 && report.failures.length > 0) {
          site.wrong(`5: the last sweep fails: ${JSON.stringify(report.failures)}`);
        }
        await cast.deliverAll();
        isOver = true;
      })
      .catch((error: unknown) => site.wrong(`5: a sweep fails in calm weather: ${String(error)}`));
    await world.passUntil(() => isOver, 600_000);
  }
  await finishGroups(site, cast);
  if (site.buckets.all.some(({ store }) => store.hasLateObjects)) await passNight(site, cast);
}

/** Nobody lists what is stored but the nightly reconciliation: it takes away what came back after its delete, and a sweep does not. */
async function passNight(site: Site, cast: Cast): Promise<void> {
  let isOver = false;
  void cast
    .as("night", async () => {
      await cast.device.ask((storage) => storage.upkeep.reconcile());
      isOver = true;
    })
    .catch((error: unknown) => site.wrong(`5: the night fails in calm weather: ${String(error)}`));
  await site.world.passUntil(() => isOver, 600_000);
}

/** A person who wants a file stored gets it stored, whatever happened before. */
async function finishInBrowsers({ world, wrongs }: Site, { browsers }: Cast): Promise<void> {
  for (let round = 0; round < 40; round++) {
    if (browsers.every(({ waiting }) => waiting.length === 0)) break;
    for (const browser of browsers) browser.insist();
    await world.pass(120_000);
  }
  for (const browser of browsers) {
    for (const name of browser.waiting) {
      wrongs.push(`12: ${name} is ${JSON.stringify(browser.states.get(name))}, and nothing helps`);
    }
    await browser.leave();
  }
}
