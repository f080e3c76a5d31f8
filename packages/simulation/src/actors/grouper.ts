import type { Principal } from "@audiotricks/storage";
import type { KnownGroup } from "../site/known-groups.ts";
import type { Site } from "../site/site.ts";
import { running } from "../world/actor.ts";
import type { Companion } from "./companion.ts";
import { type Device, whateverComes } from "./device.ts";

const SIZES = [1_000, 5_000, 6 * 1024 * 1024] as const;

/** Somebody who sends files that are one thing. Not each of them is begun, sent or completed; one may be sent twice. */
export async function sendGroup(
  site: Site,
  device: Device,
  me: Principal,
  luck: number,
  pick: () => Companion,
): Promise<void> {
  const { random } = running();
  const size = 2 + random.below(3);
  const id = crypto.randomUUID();
  const workspaceId = random.chance(0.7) ? random.pick(site.owners.workspaces) : undefined;
  site.ledger.groups.byId.set(id, { id, me, workspaceId, waitsFor: size, isDropped: false });
  site.faults.note("group-begun");
  const names = Array.from({ length: size }, (_, index) => `stem ${luck} ${index}`);
  if (random.chance(0.5)) names.push(names[0] ?? "");
  await Promise.all(
    names.map(async (name, index) => {
      const content = `stem-${luck}-${index}`;
      if (random.chance(0.1)) return;
      const wishes = {
        content,
        name: `${name}.wav`,
        size: random.pick(SIZES) ?? 1_000,
        idempotencyKey: `key of ${content}`,
        group: { id, size, name: "a piece" },
        ...(workspaceId === undefined ? {} : { workspaceId }),
      };
      await whateverComes(device.create(me, wishes));
      const own = device.uploads.find((one) => one.content === content);
      if (own === undefined || random.chance(0.15)) return;
      // When the others are there, and perhaps their owner waits for no more.
      if (random.chance(0.3)) await site.world.sleep(random.skewed(1_000, 120_000));
      const parts = Array.from({ length: own.session.partCount }, (_, part) => part + 1);
      await whateverComes(device.send(own, parts));
      await whateverComes(device.complete(own, pick()));
    }),
  );
}

/** Its owner waits for no more of it than so many. */
export async function lowerGroup(
  site: Site,
  device: Device,
  group: KnownGroup,
  size: number,
): Promise<boolean> {
  const { id, me, workspaceId } = group;
  const change = { size, ...(workspaceId === undefined ? {} : { workspaceId }) };
  const { isOpen } = await device.ask((storage) => {
    group.waitsFor = Math.min(group.waitsFor, size);
    return storage.files.changeGroup(me, id, change);
  });
  site.faults.note("group-lowered");
  return isOpen;
}

/** Its owner wants nothing of it: each of its files ends as it would end alone. */
export async function dropGroup({ faults }: Site, device: Device, group: KnownGroup): Promise<void> {
  const { id, me, workspaceId } = group;
  await device.ask((storage) => {
    group.isDropped = true;
    return storage.files.dropGroup(me, id, workspaceId);
  });
  faults.note("group-dropped");
}

/** Whoever is a member like any other sees what is in a workspace. */
export async function lookAtLibrary(site: Site, device: Device): Promise<void> {
  const { database, ledger } = site;
  const { random } = running();
  const { rows } = await database.inTurn(() =>
    database.run("SELECT user_id, workspace_id FROM workspace_members WHERE role = 'member' ORDER BY 1, 2"),
  );
  const member = random.pick(rows);
  if (member === undefined) return;
  const me = { userId: String(member.user_id) };
  const query = { workspaceId: String(member.workspace_id), limit: 200 } as const;
  await device.ask(async (storage) => {
    const { files } = await storage.files.list(me, query);
    for (const { id, ownerId, group } of files) {
      if (group === undefined || ownerId === me.userId) continue;
      ledger.groups.shown.add(id);
      site.faults.note("group-seen");
      if (!group.isOpen) ledger.groups.wrongs.push(`21: file ${id} is shown to others, and said to be held`);
    }
  });
}
