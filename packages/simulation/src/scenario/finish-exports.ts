import { cancelExport, makeExports } from "../actors/exporter.ts";
import { USERS } from "../site/furnish.ts";
import type { Site } from "../site/site.ts";
import { takeSnapshot } from "../site/snapshot.ts";
import { running } from "../world/actor.ts";
import type { Cast } from "./perform.ts";

/** Longer than a worker waits after a failure, and than the store works on a Complete. */
const A_WHILE_MS = 700_000;
const UNDER_WAY = ["queued", "running"];

/** No more trouble: whatever was asked for is made, and what is taken back leaves nothing. */
export async function finishExports(site: Site, cast: Cast): Promise<void> {
  if (site.ledger.exports.all.length === 0) return;
  for (let round = 0; round < 10; round++) {
    const { exports } = await site.database.inTurn(() => takeSnapshot(site.database));
    if (!exports.some(({ status }) => UNDER_WAY.includes(status))) return takeBack(site, cast);
    await untilOver(site, cast, `exports ${round}`, () => makeExports(site, cast.anyServer(), 1));
    await site.world.pass(A_WHILE_MS);
  }
  site.wrong(`20: an export is under way for ever, and nothing is in its way: ${site.said.at(-1)}`);
}

/** Somebody changes their mind, at any moment of it. */
async function takeBack(site: Site, cast: Cast): Promise<void> {
  const { world, ledger } = site;
  const [userId] = USERS;
  await untilOver(site, cast, "taken back", async () => {
    const { random } = running();
    const request = { kind: "user-data", expiresIn: 86_400 } as const;
    const record = await cast.device.ask((storage) => storage.exports.create({ userId }, request));
    ledger.exports.born(record, undefined);
    const made = makeExports(site, cast.anyServer(), 1);
    await world.sleep(random.skewed(1, 2_000));
    await cancelExport(site, cast.device, 0);
    await made;
  });
  await world.pass(A_WHILE_MS);
  await untilOver(site, cast, "sweep", () => cast.device.ask((storage) => storage.sweep()));
  const { exports, sessions, files } = await site.database.inTurn(() => takeSnapshot(site.database));
  for (const { id, status, file, session } of exports) {
    const left = [
      sessions.find((one) => one.id === session)?.status,
      files.find((one) => one.id === file)?.status,
    ].filter((state) => state === "active" || state === "creating" || state === "uploading");
    if (status === "cancelled" && id === ledger.exports.all.at(-1)?.id && left.length > 0)
      site.wrong(`20: export ${id} was cancelled, and of it is left what is ${left.join(" and ")}`);
  }
}

async function untilOver(site: Site, cast: Cast, luck: string, work: () => Promise<unknown>): Promise<void> {
  let isOver = false;
  void cast
    .as(luck, work)
    .catch((error: unknown) => site.wrong(`20: ${luck} fails in calm weather: ${String(error)}`))
    .finally(() => {
      isOver = true;
    });
  if (!(await site.world.passUntil(() => isOver, 2_000_000))) site.wrong(`20: ${luck} never ends`);
}
