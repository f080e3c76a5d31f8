import { parseEnvelopeKey, sealSecret } from "@audiotricks/storage";
import type { PGlite } from "@electric-sql/pglite";
import { openWorkspace, welcomeGuest } from "../actors/host.ts";
import type { Bucket } from "./buckets.ts";
import { asDatabase, type SharedDatabase } from "./shared-database.ts";
import { PART_SIZE, SECRET_MARK, type Site } from "./site.ts";

export const USERS = [
  "00000000-0000-4000-8000-00000000000a",
  "00000000-0000-4000-8000-00000000000b",
] as const;

export interface Limits {
  userBytes: number | null;
  userFiles: number | null;
  workspaceBytes: number | null;
}

/** Two users who stay, two who may go, two workspaces that all are members of, buckets, and limits. */
export async function furnish(
  site: Site,
  { pglite }: SharedDatabase,
  limits: Limits,
  timeZone: string,
): Promise<void> {
  await asDatabase(() => fill(pglite, site.buckets.all, limits, timeZone));
  for (let index = 0; index < 2; index++) await openWorkspace(site);
  for (let index = 0; index < 2; index++) await welcomeGuest(site);
  await rotateKey(site, "key-1");
  for (const bucket of site.buckets.all.slice(1)) await giveKey(site, bucket, `key-of-${bucket.name}`);
}

async function fill(
  pglite: PGlite,
  buckets: readonly Bucket[],
  limits: Limits,
  timeZone: string,
): Promise<void> {
  const [alpha, beta] = USERS;
  await pglite.exec(`SET TIME ZONE '${timeZone}'`);
  await pglite.query("INSERT INTO users (id, name) VALUES ($1, 'alpha'), ($2, 'beta')", [alpha, beta]);
  for (const [index, { providerId, endpoint, region, name }] of buckets.entries()) {
    await pglite.query(
      `INSERT INTO storage_providers (id, provider_name, endpoint_url, region, bucket_name, access_key_id,
        secret_access_key_encrypted, is_primary, preferred_part_size, max_file_size)
      VALUES ($1, 'digitalocean_spaces', $2, $3, $4, 'none', 'env:', $5, $6, 5000000000000)`,
      [providerId, endpoint, region, name, index === 0, PART_SIZE],
    );
  }
  // As servers do long before anybody makes a backup.
  await pglite.query("SELECT watch_expiry()");
  await pglite.query(
    `UPDATE storage_settings SET default_user_max_bytes = $1, default_user_max_files = $2, default_workspace_max_bytes = $3`,
    [limits.userBytes, limits.userFiles, limits.workspaceBytes],
  );
}

/** Another key of the primary bucket in the place of the one before, which the store goes on taking as long as it is told to. */
export async function rotateKey(site: Site, accessKeyId: string): Promise<void> {
  await giveKey(site, site.buckets.all[0], accessKeyId);
}

async function giveKey(site: Site, { providerId, s3 }: Bucket, accessKeyId: string): Promise<void> {
  s3.accessKeys.add(accessKeyId);
  const key = parseEnvelopeKey(site.encryptionKey);
  const sealed = sealSecret(`${SECRET_MARK}-${accessKeyId}`, providerId, key);
  await site.database.alone(
    "UPDATE storage_providers SET access_key_id = $1, secret_access_key_encrypted = $2 WHERE id = $3",
    [accessKeyId, sealed, providerId],
  );
}
