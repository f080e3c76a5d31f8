import { setTimeout as delay } from "node:timers/promises";
import { ObjectStore } from "@audiotricks/testing/object-store";
import { target } from "./about.ts";
import { query } from "./database.ts";

/** The bucket as it is, past the server. */
export const bucket = new ObjectStore(target.store);

/** Download URLs are counted in batches: one that the owner had may only now be written down. */
const COUNTED_LATER = ["download_count", "last_accessed_at", "updated_at"];

/** Every row and every object of these users, to be the same afterwards; once the server has looked into what they have stored. */
export async function stateOf(users: readonly string[]): Promise<unknown> {
  await untilLookedInto(users);
  const [rows] = await query<{ files: { storage_path: string }[] | null }>(
    `SELECT
      (SELECT jsonb_agg(to_jsonb(f) - $2::text[] ORDER BY f.id) FROM file_storage f WHERE f.former_user_id = ANY ($1)) AS files,
      (SELECT jsonb_agg(u ORDER BY u.id) FROM multipart_uploads u WHERE u.former_user_id = ANY ($1)) AS sessions,
      (SELECT jsonb_agg(l ORDER BY l.id) FROM share_links l JOIN file_storage f ON f.id = l.file_storage_id
        WHERE f.former_user_id = ANY ($1)) AS links,
      (SELECT jsonb_agg(t ORDER BY t.token_sha256) FROM s3_tokens t WHERE t.user_id = ANY ($1)) AS tokens,
      (SELECT jsonb_agg(c ORDER BY c) FROM storage_counters c WHERE c.scope_id = ANY ($1)) AS counters`,
    [users, COUNTED_LATER],
  );
  const objects: Record<string, string> = {};
  const keys = new Set(await bucket.keys());
  for (const { storage_path: key } of rows?.files ?? [])
    if (keys.has(key)) objects[key] = await bucket.sha256(key);
  return { ...rows, objects };
}

const LOOKED_INTO_WITHIN_MS = 30_000;

async function untilLookedInto(users: readonly string[]): Promise<void> {
  const deadline = performance.now() + LOOKED_INTO_WITHIN_MS;
  for (;;) {
    const [left] = await query<{ count: number }>(
      `SELECT count(*)::integer AS count FROM file_checks k JOIN file_storage f ON f.id = k.file_storage_id
       WHERE f.former_user_id = ANY ($1)`,
      [users],
    );
    if (left?.count === 0) return;
    if (performance.now() > deadline) throw new Error(`${left?.count} files were not looked into in time`);
    await delay(50);
  }
}
