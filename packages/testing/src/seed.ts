import { type Kysely, sql } from "kysely";

/** Adds a user. @returns Its id. */
export async function seedUser<Database>(
  db: Kysely<Database>,
  user: { name?: string } = {},
): Promise<string> {
  const name = user.name ?? "Alpha";
  const { rows } = await sql<{ id: string }>`INSERT INTO users (name) VALUES (${name}) RETURNING id`.execute(
    db,
  );
  return idOf(rows);
}

/** Adds a workspace with these members, by user id. @returns Its id. */
export async function seedWorkspace<Database>(
  db: Kysely<Database>,
  workspace: { name?: string; members?: Record<string, "viewer" | "member" | "admin"> } = {},
): Promise<string> {
  const name = workspace.name ?? "Shared";
  const { rows } = await sql<{
    id: string;
  }>`INSERT INTO workspaces (name) VALUES (${name}) RETURNING id`.execute(db);
  const id = idOf(rows);
  for (const [userId, role] of Object.entries(workspace.members ?? {})) {
    await sql`INSERT INTO workspace_members (workspace_id, user_id, role) VALUES (${id}, ${userId}, ${role})`.execute(
      db,
    );
  }
  return id;
}

/** Adds a provider whose credentials come from the environment; the primary one unless told otherwise. @returns Its id. */
export async function seedProvider<Database>(
  db: Kysely<Database>,
  provider: {
    endpoint?: string;
    bucket?: string;
    region?: string;
    isPrimary?: boolean;
    maxFileSize?: number;
  } = {},
): Promise<string> {
  const {
    endpoint = "https://nyc3.digitaloceanspaces.com",
    bucket = "audiotricks-test",
    region = "nyc3",
  } = provider;
  const { rows } = await sql<{ id: string }>`
    INSERT INTO storage_providers
      (provider_name, endpoint_url, region, bucket_name, access_key_id, secret_access_key_encrypted, is_primary, max_file_size)
    VALUES ('digitalocean_spaces', ${endpoint}, ${region}, ${bucket}, 'environment', 'env:', ${provider.isPrimary ?? true},
      ${provider.maxFileSize ?? 5_368_709_120})
    RETURNING id`.execute(db);
  return idOf(rows);
}

function idOf(rows: { id: string }[]): string {
  const [row] = rows;
  if (row === undefined) throw new Error("The insert returned no row.");
  return row.id;
}
