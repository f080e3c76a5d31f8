import {
  createExportRequest,
  downloadResponse,
  exportRecord,
  listExportsQuery,
  listExportsResponse,
} from "@audiotricks/protocol/messages";
import type { Storage } from "@audiotricks/storage";
import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import type { Guard } from "../access/guard.ts";
import { type CompanionApp, principalOf } from "../companion-env.ts";
import { idempotencyHeaders } from "../idempotency-headers.ts";
import { failures, jsonBody, jsonResponse } from "../openapi-responses.ts";
import { validation } from "../validation.ts";

const exportParams = z.object({ id: z.uuid() });
const ofExport = validation({ id: "file_not_found" });
const tags = ["exports"];

/** Archives of many files: asked for here, and made by workers. */
export function addExportRoutes(
  app: CompanionApp,
  { exports }: Pick<Storage, "exports">,
  guard: Guard,
): void {
  app.openapi(
    createRoute({
      method: "post",
      path: "/v1/exports",
      summary:
        "Have an archive made: of these files, of those that a filter finds, or of everything of yours",
      tags,
      middleware: [guard("createExport")],
      request: { headers: idempotencyHeaders, body: jsonBody(createExportRequest) },
      responses: {
        200: jsonResponse("The export, to be asked for until it is `done`", exportRecord),
        ...failures(
          "file_not_found",
          "file_not_ready",
          "workspace_not_found",
          "quota_exceeded",
          "idempotency_conflict",
          "too_many_sessions",
          "no_provider",
        ),
      },
    }),
    async (c) => {
      const idempotencyKey = c.req.valid("header")["idempotency-key"];
      const options = idempotencyKey === undefined ? {} : { idempotencyKey };
      return c.json(await exports.create(principalOf(c), c.req.valid("json"), options), 200);
    },
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/v1/exports",
      summary: "Your exports, newest first",
      tags,
      middleware: [guard("listExports")],
      request: { query: listExportsQuery },
      responses: { 200: jsonResponse("A page of exports", listExportsResponse), ...failures() },
    }),
    async (c) => c.json(await exports.list(principalOf(c), c.req.valid("query")), 200),
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/v1/exports/{id}",
      summary: "One export, and how far it is",
      tags,
      middleware: [guard("getExport")],
      request: { params: exportParams },
      responses: { 200: jsonResponse("The export", exportRecord), ...failures("file_not_found") },
    }),
    async (c) => c.json(await exports.get(principalOf(c), c.req.valid("param").id), 200),
    ofExport,
  );

  app.openapi(
    createRoute({
      method: "delete",
      path: "/v1/exports/{id}",
      summary: "Cancel an export, or take its archive away; safe to repeat",
      tags,
      middleware: [guard("cancelExport")],
      request: { params: exportParams },
      responses: {
        200: jsonResponse("The export as it is now", exportRecord),
        ...failures("file_not_found"),
      },
    }),
    async (c) => c.json(await exports.cancel(principalOf(c), c.req.valid("param").id), 200),
    ofExport,
  );

  app.openapi(
    createRoute({
      method: "post",
      path: "/v1/exports/{id}/download",
      summary: "A signed URL of the archive",
      tags,
      middleware: [guard("downloadExport")],
      request: { params: exportParams },
      responses: {
        200: jsonResponse("The URL", downloadResponse),
        ...failures("file_not_found", "file_not_ready", "storage_unavailable"),
      },
    }),
    async (c) => c.json(await exports.download(principalOf(c), c.req.valid("param").id), 200),
    ofExport,
  );
}
