import { lowerGroup } from "../actors/grouper.ts";
import { COUNTED } from "../invariants/truth.ts";
import type { Site } from "../site/site.ts";
import { takeSnapshot } from "../site/snapshot.ts";
import type { Cast } from "./perform.ts";

/** Of some groups not all will ever come: whose they are is told so, and publishes what is there. */
export async function finishGroups(site: Site, cast: Cast): Promise<void> {
  const { files, users } = await site.database.inTurn(() => takeSnapshot(site.database));
  for (const group of site.ledger.groups.byId.values()) {
    const { id, me } = group;
    const stored = files.filter((file) => file.group?.id === id && COUNTED.includes(file.status));
    const [held] = stored.filter((file) => file.group?.isOpen !== true);
    if (held === undefined || !users.includes(me.userId)) continue;
    site.faults.note("group-held");
    let isOver = false;
    void cast
      .as(`group ${id}`, async () => {
        const told = await cast.device.ask((storage) => storage.files.get(me, held.id));
        if (told.group?.isOpen !== false || told.may?.group !== true)
          site.wrong(`21: group ${id} is held for ever, and its owner is told ${JSON.stringify(told.group)}`);
        const names = new Set(stored.map(({ name }) => name)).size;
        if (!(await lowerGroup(site, cast.device, group, names)))
          site.wrong(`21: group ${id} waits for ${names}, has them, and is held for ever`);
      })
      .catch((error: unknown) => site.wrong(`21: group ${id} cannot be published: ${String(error)}`))
      .finally(() => {
        isOver = true;
      });
    await site.world.passUntil(() => isOver, 600_000);
  }
}
