import { randomBytes } from "node:crypto";
import type { CreateShareRequest, ShareLink } from "@audiotricks/protocol/messages";
import { type Selectable, sql } from "kysely";
import { ACCESS, type Access } from "../access/access-table.ts";
import type { CallerContext } from "../access/caller-context.ts";
import type { ShareLinks } from "../database-schema.ts";
import { requireReadable, requireShareable } from "../files/access-rules.ts";
import { getFile, mayNotChange } from "../files/change-files.ts";
import type { Principal } from "../storage.ts";
import { hashOfToken, shareNotFound } from "./open-share.ts";

/**
 * Makes a link. Its token is answered this once; nobody can read it anywhere.
 *
 * @throws {UploadError} `file_not_found`, `file_not_ready`, `access_not_allowed`, or `forbidden` for a file that the caller sees but
 *   may not share.
 */
export async function createShare(
  { caller, tenant, clock, work, ...context }: CallerContext<Principal>,
  fileId: string,
  { expiresIn, maxDownloads }: CreateShareRequest,
): Promise<{ share: ShareLink; token: string }> {
  const file = await getFile({ caller, tenant, clock, work, ...context }, fileId);
  requireShareable(file);
  requireReadable(file);
  const token = randomBytes(32).toString("base64url");
  const row = await work.db
    .insertInto("share_links")
    .columns([
      "file_storage_id",
      "share_version",
      "token_sha256",
      "created_by",
      "created_at",
      "expires_at",
      "max_uses",
    ])
    .expression(
      tenant
        .files(ACCESS.createShare)
        .where("f.id", "=", fileId)
        .select([
          "f.id",
          "f.share_version",
          sql<string>`${hashOfToken(token)}`.as("token_sha256"),
          sql<string>`${caller.userId}::uuid`.as("created_by"),
          clock.now().as("created_at"),
          clock.in(expiresIn * 1000).as("expires_at"),
          sql<number | null>`${maxDownloads ?? null}::integer`.as("max_uses"),
        ]),
    )
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) throw mayNotChange();
  return { share: toShareLink(row), token };
}

/** Those that are good now, the newest first. */
export async function listShares(context: CallerContext<Principal>, fileId: string): Promise<ShareLink[]> {
  await requireOwn(context, fileId, ACCESS.listShares);
  const rows = await context.tenant
    .shares(ACCESS.listShares)
    .selectAll("l")
    .where("l.file_storage_id", "=", fileId)
    .whereRef("l.share_version", "=", "f.share_version")
    .where("l.revoked_at", "is", null)
    .where("l.expires_at", ">", context.clock.now())
    .where((eb) => eb.or([eb("l.max_uses", "is", null), eb("l.use_count", "<", eb.ref("l.max_uses"))]))
    .orderBy("l.created_at", "desc")
    .orderBy("l.id")
    .limit(MAX_LISTED)
    .execute();
  return rows.map(toShareLink);
}

const MAX_LISTED = 1_000;

/** Safe to repeat. @throws {UploadError} `file_not_found`, `forbidden`, or `share_not_found` for one that never was this file's. */
export async function revokeShare(
  context: CallerContext<Principal>,
  fileId: string,
  shareId: string,
): Promise<void> {
  await requireOwn(context, fileId, ACCESS.revokeShare);
  const { numUpdatedRows } = await context.tenant
    .updateShares(ACCESS.revokeShare)
    .set({ revoked_at: sql<Date>`coalesce(l.revoked_at, ${context.clock.now()})` })
    .where("l.id", "=", shareId)
    .where("l.file_storage_id", "=", fileId)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw shareNotFound();
}

/** Ends all links of a file that there are, in one step. */
export async function endShares(context: CallerContext<Principal>, fileId: string): Promise<void> {
  await requireOwn(context, fileId, ACCESS.endShares);
  await context.tenant
    .updateFiles(ACCESS.endShares)
    .set({ share_version: sql<number>`f.share_version + 1` })
    .where("f.id", "=", fileId)
    .execute();
}

async function requireOwn(context: CallerContext, fileId: string, access: Access): Promise<void> {
  await getFile(context, fileId);
  const own = context.tenant.files(access).select("f.id").where("f.id", "=", fileId);
  if ((await own.executeTakeFirst()) === undefined) throw mayNotChange();
}

function toShareLink(row: Selectable<ShareLinks>): ShareLink {
  return {
    id: row.id,
    fileId: row.file_storage_id,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    maxDownloads: row.max_uses,
    downloads: Number(row.use_count),
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
  };
}
