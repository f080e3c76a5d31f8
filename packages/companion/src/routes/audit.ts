import { listAuditQuery, listAuditResponse } from "@audiotricks/protocol/messages";
import type { Storage } from "@audiotricks/storage";
import { createRoute } from "@hono/zod-openapi";
import type { Guard } from "../access/guard.ts";
import { type CompanionApp, principalOf } from "../companion-env.ts";
import { failures, jsonResponse } from "../openapi-responses.ts";

export function addAuditRoutes(app: CompanionApp, storage: Storage, guard: Guard): void {
  app.openapi(
    createRoute({
      method: "get",
      path: "/v1/admin/audit",
      summary: "Who did what, newest first; for operators",
      tags: ["operators"],
      middleware: [guard("listAudit")],
      request: { query: listAuditQuery },
      responses: { 200: jsonResponse("A page of the audit log", listAuditResponse), ...failures() },
    }),
    async (c) => c.json(await storage.audit.list(principalOf(c), c.req.valid("query")), 200),
  );
}
