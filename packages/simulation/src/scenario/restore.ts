import type { PGlite } from "@electric-sql/pglite";
import { COUNTED } from "../invariants/truth.ts";
import { Backup } from "../site/backup.ts";
import { rotateKey } from "../site/furnish.ts";
import type { Site } from "../site/site.ts";
import { type FileRow, type Snapshot, takeSnapshot } from "../site/snapshot.ts";
import { running } from "../world/actor.ts";
import type { Climate } from "../world/climate.ts";
import { type Finding, nightsLater, promisedOf } from "./nights.ts";
import type { Cast } from "./perform.ts";

/** What there is of the moment that the database will be taken back to. */
export interface BeforeRestore {
  backup: Backup;
  /** Files that live on, by what their owners were told later. In the backup their time is over after two days. */
  prolonged: readonly string[];
}

/** Takes a backup; then owners of some files are told that they live longer than it says. */
export function backUp({ database }: Site, pglite: PGlite): Promise<BeforeRestore> {
  const { random } = running();
  return database.inTurn(async () => {
    const files = promisedOf(await takeSnapshot(database)).map(({ id }) => id);
    // One at least, if there is any: most go by other ways before the database is taken back.
    const prolonged = files.filter((_, index) => index === 0 || random.chance(0.6));
    const { rows } = await database.run(
      "SELECT id, expires_at::text AS until FROM file_storage WHERE id = ANY ($1)",
      [prolonged],
    );
    await database.run("UPDATE file_storage SET expires_at = now() + interval '2 days' WHERE id = ANY ($1)", [
      prolonged,
    ]);
    const backup = await Backup.take(pglite);
    for (const { id, until } of rows as { id: string; until: string | null }[])
      await database.run("UPDATE file_storage SET expires_at = $2::timestamptz WHERE id = $1", [id, until]);
    return { backup, prolonged };
  });
}

/** The database is that of an earlier moment: no object that was acknowledged since goes, and each is named. */
export async function restoreByHand(
  site: Site,
  cast: Cast,
  climate: Climate,
  { backup, prolonged }: BeforeRestore,
): Promise<void> {
  const { buckets, database } = site;
  const acknowledged = promisedOf(await takeSnapshot(database)).filter((file) => isThere(site, file));
  await backup.restore();
  site.faults.note("hand: restored");
  const then = await takeSnapshot(database);
  await cast.restartAll();
  // Whoever restores a database knows which key is good now.
  await rotateKey(site, "key-restored");
  const early = await heldBack(site, cast, climate, then);
  // What was to go at a time that is over by now goes, once a person has seen to what was to live longer.
  const goes = new Set(
    then.files.filter(({ id, expired }) => expired && !prolonged.includes(id)).map(({ key }) => key),
  );
  const goesAlong = keysMadeOf(goes, promisedOf(then));
  const missing = promisedOf(then).filter(
    (file) => !goes.has(file.key) && !goesAlong.has(file.key) && !isThere(site, file),
  );
  const holdId = early.find(({ kind }) => kind === "expiry_held")?.of;
  if (holdId !== undefined) {
    await site.database.alone("UPDATE file_storage SET expires_at = NULL WHERE id = ANY ($1)", [prolonged]);
    await answer(site, cast, holdId);
  }
  const found = holdId === undefined ? early : await nightsLater(site, cast, climate);

  const left = await takeSnapshot(database);
  const rows = new Map(left.files.map((file) => [file.key, file]));
  const isNamed = (kind: string, key: string) =>
    found.some((finding) => finding.kind === kind && finding.of === key);
  for (const { key } of acknowledged) {
    if (goes.has(key)) continue;
    const row = rows.get(key);
    if (row?.expired === true) continue;
    if (buckets.find(key) === undefined) {
      site.wrong(`14: ${key} was acknowledged after the backup, is ${row?.status} in it, and gone since`);
      continue;
    }
    const kind = kindOf(site, row);
    if (kind !== undefined) site.faults.note(`hand: ${kind}`);
    if (kind !== undefined && !isNamed(kind, key))
      site.wrong(`14: ${kind} of ${key} is not found after the restore`);
  }
  for (const { key } of missing) {
    const row = rows.get(key);
    // A move that the backup knows of has found it where it was going to.
    if (row !== undefined && isThere(site, row)) continue;
    site.faults.note("hand: object_missing");
    if (!isNamed("object_missing", key))
      site.wrong(`14: ${key} is promised by the backup and gone, and is not found`);
  }
  for (const { id, key, status } of left.files) {
    if (status === "uploading" || status === "deleting")
      site.wrong(`14: file ${id} is ${status} for ever after the restore`);
    // Neither named nor gone: nobody would ever hear of it.
    if ((goes.has(key) || goesAlong.has(key)) && COUNTED.includes(status))
      site.wrong(`14: ${key} was to go after the restore, and is ${status} for ever`);
  }
}

/** As what the object of an acknowledged file is told of; `undefined` where its row promises it. */
function kindOf(site: Site, row: FileRow | undefined): Finding["kind"] | undefined {
  if (row === undefined) return "unknown_object";
  if (row.status !== "failed") return undefined;
  return isThere(site, row) ? "failed_with_object" : "unknown_object";
}

/** In the bucket that its row names. */
function isThere({ buckets }: Site, { provider, key }: FileRow): boolean {
  return buckets.of(provider).store.find(key) !== undefined;
}

/**
 * The nights before a person answers: what the backup promises stays, whatever times it has of it, and whoever looks is told.
 *
 * @returns What was found.
 */
async function heldBack(site: Site, cast: Cast, climate: Climate, then: Snapshot): Promise<Finding[]> {
  const there = promisedOf(then).filter((file) => isThere(site, file));
  const found = await nightsLater(site, cast, climate);
  const promised = new Map(promisedOf(await takeSnapshot(site.database)).map((file) => [file.id, file]));
  for (const { id, key, expired } of there) {
    const row = promised.get(id);
    if (expired) site.faults.note("hand: expiry_held");
    if (row === undefined || !isThere(site, row))
      site.wrong(`14: ${key} went by a time of the backup's, and nobody was asked`);
  }
  const isAsked = found.some(({ kind }) => kind === "expiry_held");
  if (!isAsked && promisedOf(then).some(({ expired }) => expired))
    site.wrong(`14: files are held back after the restore, and nobody is told: ${JSON.stringify(found)}`);
  return found;
}

/** In calm weather. */
async function answer(site: Site, cast: Cast, holdId: string): Promise<void> {
  let isOver = false;
  void cast
    .as("answer", () => cast.device.ask((storage) => storage.upkeep.endExpiryHold(holdId)))
    .catch((error: unknown) =>
      site.wrong(`14: the answer for what is held back is refused: ${String(error)}`),
    )
    .finally(() => {
      isOver = true;
    });
  await site.world.passUntil(() => isOver, 600_000);
}

/**
 * What is made of files goes with them, though it has no time of its own: where it was missing at the store already, no row
 * promises it by the time somebody looks. What was acknowledged is not among it: then what it is made of is there, and has time.
 */
function keysMadeOf(going: ReadonlySet<string>, files: readonly FileRow[]): Set<string> {
  const byId = new Map(files.map((file) => [file.id, file]));
  const goesAlong = ({ derived_from }: FileRow): boolean => {
    const parent = byId.get(derived_from ?? "");
    return parent !== undefined && (going.has(parent.key) || goesAlong(parent));
  };
  return new Set(files.filter(goesAlong).map(({ key }) => key));
}
