import { cancelMove, listMoves, OperatorError, startMove } from "@audiotricks/storage";
import type { Companion } from "../actors/companion.ts";
import { type Device, type DeviceUpload, whateverComes } from "../actors/device.ts";
import { COUNTED } from "../invariants/truth.ts";
import type { Site } from "../site/site.ts";
import { takeSnapshot } from "../site/snapshot.ts";
import { lookAtStore } from "../store/put-to-store.ts";
import { runAs, running } from "../world/actor.ts";
import { randomOf } from "../world/random.ts";

/** What is done where there are several buckets, by how often. */
export const AT_PLACES = {
  "move-workspace": 3,
  "cancel-move": 1,
  "move-files": 6,
  "follow-link": 4,
  "delete-unknown": 2,
} as const;

export type PlaceDeed = keyof typeof AT_PLACES;

export function isPlaceDeed(deed: string): deed is PlaceDeed {
  return deed in AT_PLACES;
}

/** Whom a deed may ask. */
export interface Stage {
  site: Site;
  device: Device;
  server: (which: number) => Companion;
  kill: (which: number, luck: number) => Promise<void>;
  /** One that was said to be stored. */
  stored: (which: number) => DeviceUpload | undefined;
}

type Doing = (stage: Stage, how: { which: number; luck: number }) => Promise<void>;

export const DO_AT_PLACES: Readonly<Record<PlaceDeed, Doing>> = {
  "move-workspace": moveWorkspace,
  "cancel-move": (stage, { which }) =>
    asOperator(stage, which, async ({ db }) => {
      const running = (await listMoves(db)).filter(({ state }) => state === "running");
      const move = running[which % Math.max(1, running.length)];
      if (move !== undefined) await cancelMove(db, move.id);
    }),
  "move-files": (stage, how) =>
    inTheBackground(stage, how, ({ storage }, signal) => storage.moveFiles({ signal })),
  "follow-link": followLink,
  "delete-unknown": deleteUnknown,
};

/** To a bucket where it may be already; sometimes by two operators at once. */
async function moveWorkspace(stage: Stage, { which }: { which: number }): Promise<void> {
  const { buckets, owners } = stage.site;
  const { random } = running();
  const workspaceId = random.pick(owners.workspaces);
  if (workspaceId === undefined) return;
  const times = random.pick([1, 1, 1, 2]) ?? 1;
  await Promise.all(
    Array.from({ length: times }, (_, index) => {
      const { providerId } = buckets.all[(which + index) % buckets.all.length] ?? buckets.all[0];
      return asOperator(stage, which + index, async ({ db }) => {
        await startMove(db, workspaceId, { providerId, whileDown: "elsewhere" });
      });
    }),
  );
}

/** A command of an operator's: told why not, or cut off from the database. */
async function asOperator(
  { site, server }: Stage,
  which: number,
  work: (companion: Companion) => Promise<void>,
): Promise<void> {
  const companion = server(which);
  const { random } = running();
  await runAs({ actor: companion.actor, random }, () => work(companion)).catch((error: unknown) => {
    if (error instanceof OperatorError || isCutOff(error)) return;
    site.wrong(`19: an operator is told ${String(error)}`);
  });
}

/** A job, by several servers at once; one of them may be told to stop, or be killed. */
async function inTheBackground(
  { site, server, kill }: Stage,
  { which, luck }: { which: number; luck: number },
  round: (companion: Companion, signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const { world } = site;
  const { random } = running();
  const controller = new AbortController();
  if (random.chance(0.3)) world.after(random.skewed(1, 30_000), () => void kill(which, luck), world.wire);
  if (random.chance(0.2)) world.after(random.skewed(1, 10_000), () => controller.abort(), world.wire);
  const workers = random.pick([1, 2, 3]) ?? 1;
  const rounds = random.pick([1, 1, 3]) ?? 1;
  await Promise.all(
    Array.from({ length: workers }, (_, index) => {
      const companion = server(which + index);
      const who = { actor: companion.actor, random: randomOf(`${luck}, worker ${index}`) };
      return runAs(who, async () => {
        for (let left = rounds; left > 0 && !controller.signal.aborted; left--) {
          await round(companion, controller.signal).catch((error: unknown) => {
            if (!isCutOff(error)) site.wrong(`19: a round throws ${String(error)}`);
          });
          await world.sleep(who.random.skewed(1_000, 60_000));
        }
      });
    }),
  );
}

/** A link leads to the file as long as it is good, wherever the file goes meanwhile. */
async function followLink({ site, device, stored }: Stage, { which }: { which: number }): Promise<void> {
  const { random } = running();
  const one = stored(which);
  if (one === undefined) return;
  const { fileId } = one.session;
  let link: { url: string; expiresIn: number } | undefined;
  await whateverComes(
    device.ask(async (storage) => {
      link = await storage.files.download(one.me, fileId, { disposition: "attachment" });
    }),
  );
  if (link === undefined) return;
  for (let looks = 0; looks < 3; looks++) {
    await site.world.sleep(random.skewed(1, (link.expiresIn * 1000) / 3));
    const { status } = await lookAtStore(site, link.url);
    if (status !== 404) continue;
    // What is promised now was so then.
    const { files } = await site.database.inTurn(() => takeSnapshot(site.database));
    const state = files.find(({ id }) => id === fileId)?.status;
    if (COUNTED.includes(state ?? "")) site.wrong(`1: a link to ${fileId}, which is ${state}, leads nowhere`);
  }
}

/** Somebody confirms a list of everything there is, a while after they have made it: what anybody knows of stays. */
async function deleteUnknown({ site, device }: Stage, { which }: { which: number }): Promise<void> {
  const { random } = running();
  const { providerId, store } = site.buckets.all[which % site.buckets.all.length] ?? site.buckets.all[0];
  const listed = [...store.objects.values()].map(({ key, size, etag, modifiedAt }) => ({
    providerId,
    object: { key, size, etag, lastModified: new Date(modifiedAt) },
  }));
  await site.world.sleep(random.skewed(1, 60_000));
  for (const one of listed) {
    await whateverComes(device.ask((storage) => storage.upkeep.deleteUnknownObject(one)));
  }
}

function isCutOff(error: unknown): boolean {
  for (let one = error; one instanceof Error; one = one.cause) {
    if ((one as Error & { code?: string }).code === "ECONNRESET") return true;
  }
  return false;
}
