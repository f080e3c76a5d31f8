import { createHash, randomBytes } from "node:crypto";
import { UploadError } from "@audiotricks/protocol";
import { sql } from "kysely";
import { ACCESS, type Access } from "./access/access-table.ts";
import { callerContext } from "./access/caller-context.ts";
import type { Tenant } from "./access/tenant.ts";
import { beginAgain } from "./begin-again.ts";
import type { S3Tokens } from "./storage.ts";
import type { StorageContext } from "./storage-context.ts";
import { workspaceNotFound } from "./workspace-not-found.ts";

/** Tokens that sign in to the `/s3` routes only. The database has their hash: whoever reads it can use none. */
export function createS3Tokens(context: StorageContext): S3Tokens {
  const { db, clock, settings } = context;
  return {
    issue: async (principal, { workspaceId } = {}) => {
      const { tenant } = callerContext(context, principal);
      if (workspaceId !== undefined) await requireUploader(tenant, workspaceId);
      const token = randomBytes(32).toString("base64url");
      const expiresIn = settings.s3TokenExpiresIn;
      const issuing = db
        .insertInto("s3_tokens")
        .columns(["token_sha256", "user_id", "workspace_id", "created_at", "expires_at"])
        .expression(
          tenant
            .self()
            .select([
              sql<string>`${hashOf(token)}`.as("token_sha256"),
              "me.id as user_id",
              sql<string | null>`${workspaceId ?? null}::uuid`.as("workspace_id"),
              clock.now().as("created_at"),
              clock.in(expiresIn * 1000).as("expires_at"),
            ]),
        );
      const issued = await beginAgain(() => issuing.executeTakeFirst());
      if (issued.numInsertedOrUpdatedRows !== 1n) throw unknownUser();
      return { token, expiresIn };
    },
    find: async (token) => {
      const row = await db
        .selectFrom("s3_tokens")
        .select(["user_id", "workspace_id"])
        .where("token_sha256", "=", hashOf(token))
        .where("revoked_at", "is", null)
        .where("expires_at", ">", clock.now())
        .executeTakeFirst();
      return row === undefined ? undefined : { userId: row.user_id, workspaceId: row.workspace_id };
    },
    revoke: async (principal, token) => {
      await callerContext(context, principal)
        .tenant.updateTokens()
        .set({ revoked_at: clock.now() })
        .where("token_sha256", "=", hashOf(token))
        .where("revoked_at", "is", null)
        .execute();
    },
  };
}

/** @throws {UploadError} `workspace_not_found` for a stranger, `forbidden` for one who may only look. */
async function requireUploader(tenant: Tenant, workspaceId: string): Promise<void> {
  const among = (access: Access) =>
    tenant.workspaces(access).where("m.workspace_id", "=", workspaceId).executeTakeFirst();
  if ((await among(ACCESS.issueS3Token)) !== undefined) return;
  if ((await among(ACCESS.readQuota)) === undefined) throw workspaceNotFound();
  throw new UploadError("forbidden", "You may not upload to this workspace.");
}

function unknownUser(): UploadError {
  return new UploadError("unknown_user", "This user is not known here.");
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
