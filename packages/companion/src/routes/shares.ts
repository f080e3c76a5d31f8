import { createShareRequest, createShareResponse, listSharesResponse } from "@audiotricks/protocol/messages";
import type { Storage } from "@audiotricks/storage";
import { createRoute } from "@hono/zod-openapi";
import type { Context } from "hono";
import { z } from "zod";
import type { Guard } from "../access/guard.ts";
import { type CompanionApp, type CompanionEnv, principalOf } from "../companion-env.ts";
import { failures, jsonResponse } from "../openapi-responses.ts";
import { optionalBody, readOptional } from "../optional-body.ts";
import { type PublicAddress, publicOrigin } from "../origins.ts";
import { validation } from "../validation.ts";

const fileParams = z.object({ id: z.uuid() });
const shareParams = z.object({ id: z.uuid(), shareId: z.uuid() });
const ofFile = validation({ id: "file_not_found", shareId: "share_not_found" });
/** What a token can look like; anything else is not looked up. */
const TOKEN = /^[\w-]{43}$/;
const tags = ["share links"];

export function addShareRoutes(
  app: CompanionApp,
  storage: Storage,
  guard: Guard,
  address: PublicAddress & { basePath: string },
): void {
  const basePath = address.basePath.replace(/\/+$/, "");

  app.openapi(
    createRoute({
      method: "post",
      path: "/v1/files/{id}/shares",
      summary: "A link by which whoever has it reads the file, for at most 30 days",
      tags,
      middleware: [guard("createShare")],
      request: { params: fileParams, body: optionalBody(createShareRequest) },
      responses: {
        200: jsonResponse("The link, told this once", createShareResponse),
        ...failures("file_not_found", "file_not_ready", "access_not_allowed"),
      },
    }),
    async (c) => {
      const { id } = c.req.valid("param");
      const request = await readOptional(c, createShareRequest);
      const { share, token } = await storage.shares.create(principalOf(c), id, request);
      return c.json({ share, url: `${publicOrigin(c, address)}${basePath}/s/${token}` }, 200);
    },
    ofFile,
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/v1/files/{id}/shares",
      summary: "The links of a file that are good now, the newest first",
      tags,
      middleware: [guard("listShares")],
      request: { params: fileParams },
      responses: { 200: jsonResponse("Links", listSharesResponse), ...failures("file_not_found") },
    }),
    async (c) => {
      const { id } = c.req.valid("param");
      return c.json({ shares: await storage.shares.list(principalOf(c), id) }, 200);
    },
    ofFile,
  );

  app.openapi(
    createRoute({
      method: "delete",
      path: "/v1/files/{id}/shares",
      summary: "End all links of a file",
      tags,
      middleware: [guard("endShares")],
      request: { params: fileParams },
      responses: { 204: { description: "Ended" }, ...failures("file_not_found") },
    }),
    async (c) => {
      await storage.shares.endAll(principalOf(c), c.req.valid("param").id);
      return c.body(null, 204);
    },
    ofFile,
  );

  app.openapi(
    createRoute({
      method: "delete",
      path: "/v1/files/{id}/shares/{shareId}",
      summary: "Revoke a link; safe to repeat",
      tags,
      middleware: [guard("revokeShare")],
      request: { params: shareParams },
      responses: { 204: { description: "Revoked" }, ...failures("file_not_found", "share_not_found") },
    }),
    async (c) => {
      const { id, shareId } = c.req.valid("param");
      await storage.shares.revoke(principalOf(c), id, shareId);
      return c.body(null, 204);
    },
    ofFile,
  );
}

/** What a link leads to, for anyone. Cookies are not looked at: who asks changes nothing. */
export function addShareLink(
  app: CompanionApp,
  storage: Pick<Storage, "shares">,
  countAsked: (c: Context<CompanionEnv>) => Promise<void>,
): void {
  app.openapi(
    createRoute({
      method: "get",
      path: "/s/{token}",
      summary: "Redirects whoever has the link to the bytes",
      tags,
      security: [],
      request: { params: z.object({ token: z.string().regex(TOKEN) }) },
      responses: {
        302: { description: "To a signed URL, good for a minute" },
        ...failures("share_not_found", "storage_unavailable"),
      },
    }),
    async (c) => {
      // No guard stands before it that would say so.
      c.set("action", "openShare");
      await countAsked(c);
      const { url, fileId } = await storage.shares.open(c.req.valid("param").token);
      c.set("affected", [{ id: fileId, outcome: "done" }]);
      return c.redirect(url, 302);
    },
    validation({ token: "share_not_found" }),
  );
}
