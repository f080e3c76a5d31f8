import { createdUpload, deriveFileRequest } from "@audiotricks/protocol/messages";
import type { Storage } from "@audiotricks/storage";
import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import type { Guard } from "../access/guard.ts";
import { type CompanionApp, serviceOf } from "../companion-env.ts";
import { idempotencyHeaders } from "../idempotency-headers.ts";
import { failures, jsonBody, jsonResponse } from "../openapi-responses.ts";
import { validation } from "../validation.ts";

/** For services alone: users upload their files themselves. */
export function addDerivedRoutes(app: CompanionApp, storage: Storage, guard: Guard): void {
  app.openapi(
    createRoute({
      method: "post",
      path: "/v1/files/{id}/derived",
      summary: "Begin the upload of a file made of this one; for services",
      tags: ["files"],
      middleware: [guard("deriveFile")],
      request: {
        params: z.object({ id: z.uuid() }),
        headers: idempotencyHeaders,
        body: jsonBody(deriveFileRequest),
      },
      responses: {
        200: jsonResponse("Its upload session, to be gone on with under `/v1/uploads`", createdUpload),
        ...failures(
          "file_not_found",
          "file_not_ready",
          "file_empty",
          "file_too_large",
          "type_not_allowed",
          "quota_exceeded",
          "idempotency_conflict",
          "too_many_sessions",
          "no_provider",
          "storage_unavailable",
        ),
      },
    }),
    async (c) => {
      const idempotencyKey = c.req.valid("header")["idempotency-key"];
      const session = await storage.files.derive(
        serviceOf(c),
        c.req.valid("param").id,
        c.req.valid("json"),
        idempotencyKey === undefined ? {} : { idempotencyKey },
      );
      return c.json(session, 200);
    },
    validation({ id: "file_not_found" }),
  );
}
