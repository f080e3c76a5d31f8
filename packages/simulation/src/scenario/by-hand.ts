import { COUNTED } from "../invariants/truth.ts";
import type { Backup } from "../site/backup.ts";
import { rotateKey } from "../site/furnish.ts";
import type { Site } from "../site/site.ts";
import { type FileRow, type Snapshot, takeSnapshot } from "../site/snapshot.ts";
import { running } from "../world/actor.ts";
import type { Climate } from "../world/climate.ts";
import type { Cast } from "./perform.ts";

/** What is done by hand once all has come to rest: then it is known what nobody may lose. */
export type ByHand = "nothing" | "edits" | "restore";

interface Finding {
  kind: string;
  /** A key, or whose counter it is. */
  of: string;
}

const KEY_WITHOUT_ROW = "audio/uploads/2026/03/0badc0de-0000-4000-8000-000000000000.wav";
const FOREIGN_KEY = "holiday/beach.jpg";
/** Longer than anything is left alone for. */
const WAITS_MS = [60_000, 4_000_000, 90_000_000, 300_000_000, 4_000_000];

/** Somebody edits rows and objects: each is named by the night's check, and all that is left stays as it is. */
export async function editByHand(site: Site, cast: Cast, climate: Climate): Promise<void> {
  const { store, database } = site;
  const { random } = running();
  const files = promisedOf(await takeSnapshot(database));
  const expected: Finding[] = [
    { kind: "foreign_object", of: FOREIGN_KEY },
    { kind: "unknown_object", of: KEY_WITHOUT_ROW },
  ];
  store.put(FOREIGN_KEY, { content: "a beach", offset: 0, size: 4_000 }, "image/jpeg");
  store.put(KEY_WITHOUT_ROW, { content: "by hand", offset: 0, size: 4_000 }, "audio/wav");
  const take = () => files.splice(random.below(files.length), 1)[0];
  // There is seldom one that is made of another, so it is the one to be missing.
  const made = files.findIndex(({ derived_from }) => derived_from !== null);
  const deleted = made === -1 ? take() : files.splice(made, 1)[0];
  const [replaced, ownerless, miscounted] = [take(), take(), take()];
  if (deleted !== undefined) {
    store.delete(deleted.key);
    expected.push({ kind: "object_missing", of: deleted.key });
  }
  if (replaced !== undefined) {
    store.put(replaced.key, { content: "another", offset: 0, size: replaced.size + 1 }, "audio/wav");
    expected.push({ kind: "object_differs", of: replaced.key });
  }
  if (ownerless !== undefined) {
    await database.alone("UPDATE file_storage SET user_id = NULL, workspace_id = NULL WHERE id = $1", [
      ownerless.id,
    ]);
    expected.push({ kind: "file_without_owner", of: ownerless.key });
  }
  if (miscounted?.user_id != null) {
    const user = miscounted.user_id;
    await database.alone("UPDATE storage_counters SET used_bytes = used_bytes + 7 WHERE scope_id = $1", [
      user,
    ]);
    expected.push({ kind: "counter_differs", of: user });
  }
  for (const { kind } of expected) site.faults.note(`hand: ${kind}`);
  const gone = new Set([deleted?.key]);
  const kept = [...store.objects.keys()].filter((key) => !gone.has(key));
  const found = await nightsLater(site, cast, climate);

  for (const { kind, of } of expected) {
    // Told once, and by whichever night came first.
    if (!found.some((finding) => finding.kind === kind && finding.of === of))
      site.wrong(`14: ${kind} of ${of} is not found, but ${JSON.stringify(found)}`);
  }
  for (const { kind, of } of found) {
    if (!expected.some((finding) => finding.kind === kind && finding.of === of))
      site.wrong(`14: ${kind} of ${of} is found, which nobody did`);
  }
  for (const key of kept) if (!store.objects.has(key)) site.wrong(`14: ${key} is gone, and nobody said so`);
  const left = await takeSnapshot(database);
  const promised = new Set(promisedOf(left).map(({ id }) => id));
  for (const { id } of [deleted, replaced, ownerless].filter((file) => file !== undefined)) {
    if (!promised.has(id)) site.wrong(`14: the row of ${id} was changed, and nobody said so`);
  }
}

/** The database is that of an earlier moment: no object that was acknowledged since goes, and each is named. */
export async function restoreByHand(site: Site, cast: Cast, climate: Climate, backup: Backup): Promise<void> {
  const { store, database } = site;
  const acknowledged = promisedOf(await takeSnapshot(database)).filter(
    ({ key }) => store.find(key) !== undefined,
  );
  await backup.restore();
  site.faults.note("hand: restored");
  const then = await takeSnapshot(database);
  await cast.restartAll();
  // Whoever restores a database knows which key is good now.
  await rotateKey(site, "key-restored");
  // What was to go at a time that is over by now goes.
  const goes = new Set(then.files.filter(({ expired }) => expired).map(({ key }) => key));
  const goesAlong = keysMadeOf(goes, promisedOf(then));
  const missing = promisedOf(then).filter(
    ({ key }) => !goes.has(key) && !goesAlong.has(key) && store.find(key) === undefined,
  );
  const found = await nightsLater(site, cast, climate);

  const left = await takeSnapshot(database);
  const rows = new Map(left.files.map((file) => [file.key, file]));
  const isNamed = (kind: string, key: string) =>
    found.some((finding) => finding.kind === kind && finding.of === key);
  for (const { key } of acknowledged) {
    if (goes.has(key)) continue;
    const row = rows.get(key);
    if (row?.expired === true) continue;
    if (store.find(key) === undefined) {
      site.wrong(`14: ${key} was acknowledged after the backup, is ${row?.status} in it, and gone since`);
      continue;
    }
    const kind =
      row === undefined ? "unknown_object" : row.status === "failed" ? "failed_with_object" : undefined;
    if (kind !== undefined) site.faults.note(`hand: ${kind}`);
    if (kind !== undefined && !isNamed(kind, key))
      site.wrong(`14: ${kind} of ${key} is not found after the restore`);
  }
  for (const { key } of missing) {
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

/** Sweeps and the night's check, first in the weather of before, then in calm. @returns What was found in the calm. */
async function nightsLater(site: Site, cast: Cast, climate: Climate): Promise<Finding[]> {
  const { world, faults } = site;
  const found: Finding[] = [];
  const note = (finding: object) => void found.push(toFinding(finding));
  for (const [index, ms] of WAITS_MS.entries()) {
    if (index < 2) faults.climate = climate;
    else faults.calm();
    let isOver = false;
    void cast.as(`night ${index}`, async () => {
      await cast.device.ask((storage) => storage.sweep()).catch(() => {});
      const isLast = index === WAITS_MS.length - 1;
      const tell = (finding: { kind: string }) => {
        // A counter is mended, so it is told of once; whoever hears of it must not forget it.
        if (isLast || finding.kind === "counter_differs") note(finding);
      };
      await cast.device
        .ask((storage) => storage.upkeep.reconcile({ onFinding: tell }), 600_000)
        .catch((error: unknown) => {
          if (index >= 2) site.wrong(`14: the night's check fails in calm weather: ${String(error)}`);
        });
      isOver = true;
    });
    await world.passUntil(() => isOver, 2_000_000);
    await world.pass(ms);
  }
  return found.filter(({ kind }) => kind !== "ended_object");
}

function toFinding(finding: object): Finding {
  const { kind, file, object, scopeId, key } = finding as {
    kind: string;
    file?: { key: string };
    object?: { key: string };
    scopeId?: string;
    key?: string;
  };
  return { kind, of: file?.key ?? object?.key ?? scopeId ?? key ?? "" };
}

function promisedOf({ files }: Snapshot): FileRow[] {
  return files.filter(({ status }) => COUNTED.includes(status));
}
