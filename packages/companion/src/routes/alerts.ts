import { alert, listAlertsQuery, listAlertsResponse } from "@audiotricks/protocol/costs";
import type { Storage } from "@audiotricks/storage";
import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import type { Guard } from "../access/guard.ts";
import { type CompanionApp, principalOf } from "../companion-env.ts";
import { failures, jsonResponse } from "../openapi-responses.ts";
import { validation } from "../validation.ts";
import { createAddTable, csvOf } from "./tables.ts";

/** What a person should look at. */
export function addAlertRoutes(app: CompanionApp, storage: Storage, guard: Guard): void {
  createAddTable(
    app,
    guard,
  )({
    name: "alerts",
    action: "listAlerts",
    summary: "What is or was beyond its threshold, the last raised first; for operators",
    query: listAlertsQuery,
    answer: listAlertsResponse,
    read: (principal, query) => storage.alerts.list(principal, query),
    csv: ({ alerts }) => csvOf(alert, alerts),
  });

  app.openapi(
    createRoute({
      method: "post",
      path: "/v1/admin/alerts/{id}/acknowledge",
      summary: "Say that somebody has seen an alert; for operators",
      tags: ["operators"],
      middleware: [guard("acknowledgeAlert")],
      request: { params: z.object({ id: z.uuid() }) },
      responses: { 200: jsonResponse("The alert", alert), ...failures("alert_not_found") },
    }),
    async (c) => c.json(await storage.alerts.acknowledge(principalOf(c), c.req.valid("param").id), 200),
    validation({ id: "alert_not_found" }),
  );
}
