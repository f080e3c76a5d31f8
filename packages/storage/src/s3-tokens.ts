import { createHash, randomBytes } from "node:crypto";
import { UploadError } from "@audiotricks/protocol";
import type { S3Tokens } from "./storage.ts";
import type { StorageContext } from "./storage-context.ts";

/** Tokens that sign in to the `/s3` routes only. The database has their hash: whoever reads it can use none. */
export function createS3Tokens({ db, clock, settings }: StorageContext): S3Tokens {
  return {
    issue: async (principal, { workspaceId } = {}) => {
      if (workspaceId !== undefined) {
        const member = await db
          .selectFrom("workspace_members")
          .select("role")
          .where("workspace_id", "=", workspaceId)
          .where("user_id", "=", principal.userId)
          .executeTakeFirst();
        if (member === undefined) throw new UploadError("workspace_not_found", "There is no such workspace.");
        if (member.role === "viewer")
          throw new UploadError("forbidden", "You may not upload to this workspace.");
      }
      const token = randomBytes(32).toString("base64url");
      const expiresIn = settings.s3TokenExpiresIn;
      await db
        .insertInto("s3_tokens")
        .values({
          token_sha256: hashOf(token),
          user_id: principal.userId,
          workspace_id: workspaceId ?? null,
          created_at: clock.now(),
          expires_at: clock.in(expiresIn * 1000),
        })
        .execute();
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
      await db
        .updateTable("s3_tokens")
        .set({ revoked_at: clock.now() })
        .where("token_sha256", "=", hashOf(token))
        .where("user_id", "=", principal.userId)
        .where("revoked_at", "is", null)
        .execute();
    },
  };
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
