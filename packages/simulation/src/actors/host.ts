import type { Site } from "../site/site.ts";
import { running } from "../world/actor.ts";

/** One whom the host deletes. */
export interface Owner {
  table: "users" | "workspaces";
  id: string;
}

/** A user who may upload into every workspace that there is. */
export async function welcomeGuest({ database, owners }: Site): Promise<void> {
  const id = owners.nextId();
  await database.alone(
    `WITH guest AS (INSERT INTO users (id, name) VALUES ($1, 'guest') RETURNING id)
    INSERT INTO workspace_members (workspace_id, user_id, role) SELECT w.id, g.id, 'member' FROM workspaces w, guest g`,
    [id],
  );
  owners.guests.push(id);
}

/** A workspace that every user is a member of. */
export async function openWorkspace({ database, owners }: Site): Promise<void> {
  const id = owners.nextId();
  await database.alone(
    `WITH fresh AS (INSERT INTO workspaces (id, name) VALUES ($1, 'shared') RETURNING id)
    INSERT INTO workspace_members (workspace_id, user_id, role) SELECT f.id, u.id, 'admin' FROM users u, fresh f`,
    [id],
  );
  owners.workspaces.push(id);
}

/**
 * The host's own DELETEs, in a transaction if there are several. It knows nothing of storage, and repeats only what its
 * connection was lost in; whatever else it is told is our fault.
 */
export async function deleteOwners(site: Site, gone: readonly Owner[]): Promise<void> {
  const { random } = running();
  const { owners, world, faults } = site;
  for (const { id } of gone) owners.asked.add(id);
  for (;;) {
    const session = site.database.connect();
    try {
      if (gone.length > 1) await session.execute("BEGIN");
      for (const { table, id } of gone) await session.execute(`DELETE FROM ${table} WHERE id = $1`, [id]);
      if (gone.length > 1) await session.execute("COMMIT");
      for (const { table } of gone) faults.note(`${table}-deleted`);
      return;
    } catch (error) {
      const { code, message } = error as Error & { code?: string };
      if (code !== "ECONNRESET") {
        site.wrong(`16: the host's DELETE of ${JSON.stringify(gone)} was refused: ${code} ${message}`);
        return;
      }
    } finally {
      await session.end();
    }
    await world.sleep(random.skewed(10, 5_000));
  }
}
