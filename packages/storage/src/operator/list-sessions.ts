import type { SessionState } from "@audiotricks/protocol";
import type { Kysely } from "kysely";
import type { Database } from "../database.ts";

/** An upload session as whoever runs the deployment sees it. Sizes in bytes. */
export interface SessionSummary {
  sessionId: string;
  state: SessionState;
  fileName: string;
  fileSize: number;
  /** As far as the browser has told; the store knows better. */
  uploadedBytes: number;
  userId: string | null;
  workspaceId: string | null;
  providerId: string;
  createdAt: Date;
  expiresAt: Date;
  errorCode: string | null;
}

/** The newest first. */
export async function listSessions(
  db: Kysely<Database>,
  options: {
    states: readonly SessionState[];
    userId?: string | undefined;
    workspaceId?: string | undefined;
    providerId?: string | undefined;
    limit: number;
  },
): Promise<SessionSummary[]> {
  const rows = await db
    .selectFrom("multipart_uploads as u")
    .innerJoin("file_storage as f", "f.id", "u.file_storage_id")
    .select([
      "u.id",
      "u.status",
      "u.original_filename",
      "u.total_file_size",
      "u.uploaded_bytes",
      "u.user_id",
      "u.workspace_id",
      "f.storage_provider_id",
      "u.created_at",
      "u.expires_at",
      "u.error_code",
    ])
    .where("u.status", "in", options.states)
    .$if(options.userId !== undefined, (query) => query.where("u.user_id", "=", options.userId ?? null))
    .$if(options.workspaceId !== undefined, (query) =>
      query.where("u.workspace_id", "=", options.workspaceId ?? null),
    )
    .$if(options.providerId !== undefined, (query) =>
      query.where("f.storage_provider_id", "=", options.providerId ?? null),
    )
    .orderBy("u.created_at", "desc")
    .orderBy("u.id")
    .limit(options.limit)
    .execute();
  return rows.map((row) => ({
    sessionId: row.id,
    state: row.status as SessionState,
    fileName: row.original_filename,
    fileSize: Number(row.total_file_size),
    uploadedBytes: Number(row.uploaded_bytes),
    userId: row.user_id,
    workspaceId: row.workspace_id,
    providerId: row.storage_provider_id,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    errorCode: row.error_code,
  }));
}
