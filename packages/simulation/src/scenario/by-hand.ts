import type { Site } from "../site/site.ts";
import { takeSnapshot } from "../site/snapshot.ts";
import { running } from "../world/actor.ts";
import type { Climate } from "../world/climate.ts";
import { type Finding, nightsLater, promisedOf } from "./nights.ts";
import type { Cast } from "./perform.ts";

/** What is done by hand once all has come to rest: then it is known what nobody may lose. */
export type ByHand = "nothing" | "edits" | "restore";

const KEY_WITHOUT_ROW = "audio/uploads/2026/03/0badc0de-0000-4000-8000-000000000000.wav";
const FOREIGN_KEY = "holiday/beach.jpg";

/** Somebody edits rows and objects: each is named by the night's check, and all that is left stays as it is. */
export async function editByHand(site: Site, cast: Cast, climate: Climate): Promise<void> {
  const { store, buckets, database } = site;
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
    buckets.of(deleted.provider).store.delete(deleted.key);
    expected.push({ kind: "object_missing", of: deleted.key });
  }
  if (replaced !== undefined) {
    buckets
      .of(replaced.provider)
      .store.put(replaced.key, { content: "another", offset: 0, size: replaced.size + 1 }, "audio/wav");
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
  const kept = buckets.all.flatMap(({ store: { objects } }) =>
    [...objects.keys()].filter((key) => !gone.has(key)).map((key) => ({ key, objects })),
  );
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
  for (const { key, objects } of kept)
    if (!objects.has(key)) site.wrong(`14: ${key} is gone, and nobody said so`);
  const left = await takeSnapshot(database);
  const promised = new Set(promisedOf(left).map(({ id }) => id));
  for (const { id } of [deleted, replaced, ownerless].filter((file) => file !== undefined)) {
    if (!promised.has(id)) site.wrong(`14: the row of ${id} was changed, and nobody said so`);
  }
}
