import type { Database } from "@audiotricks/storage";
import { type Kysely, sql } from "kysely";
import type { DefaultLimits } from "./config.ts";

/** What the environment does not say is left as the database has it. */
export async function applyDefaultLimits(db: Kysely<Database>, limits: DefaultLimits): Promise<void> {
  const {
    userBytes = null,
    workspaceBytes = null,
    userFiles = null,
    workspaceFiles = null,
    openUploads = null,
  } = limits;
  await sql`
    UPDATE storage_settings SET
      default_user_max_bytes = coalesce(${userBytes}::bigint, default_user_max_bytes),
      default_workspace_max_bytes = coalesce(${workspaceBytes}::bigint, default_workspace_max_bytes),
      default_user_max_files = coalesce(${userFiles}::integer, default_user_max_files),
      default_workspace_max_files = coalesce(${workspaceFiles}::integer, default_workspace_max_files),
      max_open_sessions = coalesce(${openUploads}::integer, max_open_sessions)
  `.execute(db);
}
