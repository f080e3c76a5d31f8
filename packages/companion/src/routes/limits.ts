import {
  configResponse,
  listUsageQuery,
  listUsageResponse,
  quotaResponse,
} from "@audiotricks/protocol/messages";
import type { Storage } from "@audiotricks/storage";
import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import type { Guard } from "../access/guard.ts";
import { type CompanionApp, principalOf } from "../companion-env.ts";
import { failures, jsonResponse } from "../openapi-responses.ts";

/** What a widget must know before a byte moves. */
export function addLimitRoutes(app: CompanionApp, storage: Storage, guard: Guard): void {
  const tags = ["limits"];

  app.openapi(
    createRoute({
      method: "get",
      path: "/v1/config",
      summary: "What may be uploaded, and how",
      tags,
      middleware: [guard("readConfig")],
      responses: { 200: jsonResponse("The limits", configResponse), ...failures("no_provider") },
    }),
    async (c) => c.json(await storage.config(principalOf(c)), 200),
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/v1/quota",
      summary: "Used, reserved and limit: the caller's, and a workspace's when one is named",
      tags,
      middleware: [guard("readQuota")],
      request: { query: z.strictObject({ workspaceId: z.uuid().optional() }) },
      responses: {
        200: jsonResponse("Every scope that limits", quotaResponse),
        ...failures("workspace_not_found"),
      },
    }),
    async (c) => c.json(await storage.quota(principalOf(c), c.req.valid("query").workspaceId), 200),
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/v1/usage",
      summary: "What was used by day, week, month or year: the caller's, or a workspace's when one is named",
      tags,
      middleware: [guard("readUsage")],
      request: { query: listUsageQuery },
      responses: {
        200: jsonResponse("A page of periods, newest first", listUsageResponse),
        ...failures("workspace_not_found"),
      },
    }),
    async (c) => c.json(await storage.usage(principalOf(c), c.req.valid("query")), 200),
  );
}
