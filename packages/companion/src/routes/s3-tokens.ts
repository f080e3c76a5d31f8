import { s3TokenResponse } from "@audiotricks/protocol/messages";
import type { Storage } from "@audiotricks/storage";
import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import type { Guard } from "../access/guard.ts";
import { type CompanionApp, principalOf } from "../companion-env.ts";
import { failures, jsonResponse } from "../openapi-responses.ts";
import { optionalBody, readOptional } from "../optional-body.ts";
import { type PublicAddress, publicOrigin } from "../origins.ts";
import { S3_TOKEN } from "../s3-token.ts";

const issueRequest = z.strictObject({ workspaceId: z.uuid().optional() });

export function addS3TokenRoutes(
  app: CompanionApp,
  storage: Storage,
  guard: Guard,
  address: PublicAddress & { basePath: string },
): void {
  const tags = ["stock Uppy"];
  const basePath = address.basePath.replace(/\/+$/, "");

  app.openapi(
    createRoute({
      method: "post",
      path: "/v1/s3-tokens",
      summary: "A `companionEndpoint` for an unmodified `@uppy/aws-s3`",
      tags,
      middleware: [guard("issueS3Token")],
      request: { body: optionalBody(issueRequest) },
      responses: {
        200: jsonResponse("Good for uploads only, and not for long", s3TokenResponse),
        ...failures("workspace_not_found", "too_many_sessions"),
      },
    }),
    async (c) => {
      const { workspaceId } = await readOptional(c, issueRequest);
      const issued = await storage.s3Tokens.issue(
        principalOf(c),
        workspaceId === undefined ? {} : { workspaceId },
      );
      const companionEndpoint = `${publicOrigin(c, address)}${basePath}/s3-token/${issued.token}`;
      return c.json({ ...issued, companionEndpoint }, 200);
    },
  );

  app.openapi(
    createRoute({
      method: "delete",
      path: "/v1/s3-tokens/{token}",
      summary: "Revoke a token; one that is unknown is as good as revoked",
      tags,
      middleware: [guard("revokeS3Token")],
      request: { params: z.object({ token: z.string().regex(S3_TOKEN) }) },
      responses: { 204: { description: "Revoked" }, ...failures() },
    }),
    async (c) => {
      await storage.s3Tokens.revoke(principalOf(c), c.req.valid("param").token);
      return c.body(null, 204);
    },
  );
}
