import {
  cancelResponse,
  completeUploadRequest,
  completeUploadsRequest,
  completeUploadsResponse,
  completion,
  createUploadsRequest,
  createUploadsResponse,
  listUploadsResponse,
  signPartsRequest,
  signPartsResponse,
  uploadSession,
} from "@audiotricks/protocol/messages";
import type { Storage } from "@audiotricks/storage";
import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import type { Affected } from "../access/audit-trail.ts";
import type { Guard } from "../access/guard.ts";
import { type CompanionApp, principalOf } from "../companion-env.ts";
import { idempotencyHeaders } from "../idempotency-headers.ts";
import { failures, jsonBody, jsonResponse } from "../openapi-responses.ts";
import { optionalBody, readOptional } from "../optional-body.ts";
import { validation } from "../validation.ts";

const sessionParams = z.object({ id: z.uuid() });
const ofSession = validation({ id: "session_not_found" });

export function addUploadRoutes(app: CompanionApp, storage: Storage, guard: Guard): void {
  const tags = ["uploads"];

  app.openapi(
    createRoute({
      method: "post",
      path: "/v1/uploads",
      summary: "Begin uploads; each file succeeds or fails alone",
      tags,
      middleware: [guard("createUploads")],
      request: { headers: idempotencyHeaders, body: jsonBody(createUploadsRequest) },
      responses: {
        200: jsonResponse("One result per file, in order", createUploadsResponse),
        ...failures("idempotency_conflict", "too_many_sessions", "no_provider", "storage_unavailable"),
      },
    }),
    async (c) => {
      const idempotencyKey = c.req.valid("header")["idempotency-key"];
      const { files, regions } = c.req.valid("json");
      const results = await storage.uploads.create(principalOf(c), files, {
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
        ...(regions === undefined ? {} : { regions }),
      });
      c.set(
        "affected",
        results.map((result) =>
          "error" in result
            ? { outcome: result.error.code }
            : { id: result.session.sessionId, outcome: "done" },
        ),
      );
      return c.json({ results }, 200);
    },
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/v1/uploads",
      summary: "Uploads that can be gone on with, from any device",
      tags,
      middleware: [guard("listUploads")],
      request: { query: z.strictObject({ state: z.literal("open").optional() }) },
      responses: { 200: jsonResponse("Open uploads", listUploadsResponse), ...failures() },
    }),
    async (c) => c.json({ uploads: await storage.uploads.listOpen(principalOf(c)) }, 200),
  );

  app.openapi(
    createRoute({
      method: "post",
      path: "/v1/uploads/complete",
      summary: "Finish several uploads; each succeeds or fails alone",
      tags,
      middleware: [guard("completeUploads")],
      request: { body: jsonBody(completeUploadsRequest) },
      responses: {
        200: jsonResponse("One result per upload, in order", completeUploadsResponse),
        ...failures(),
      },
    }),
    async (c) => {
      const { uploads } = c.req.valid("json");
      const results = await storage.uploads.completeMany(principalOf(c), uploads);
      c.set(
        "affected",
        results.flatMap((result): Affected[] => {
          if ("error" in result) return [{ id: result.sessionId, outcome: result.error.code }];
          return result.state === "completed" ? [{ id: result.sessionId, outcome: "done" }] : [];
        }),
      );
      return c.json({ results }, 200);
    },
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/v1/uploads/{id}",
      summary: "One upload, with the parts the store holds now",
      tags,
      middleware: [guard("getUpload")],
      request: { params: sessionParams },
      responses: {
        200: jsonResponse("The upload", uploadSession),
        ...failures("session_not_found", "storage_unavailable"),
      },
    }),
    async (c) => c.json(await storage.uploads.get(c.get("caller"), c.req.valid("param").id), 200),
    ofSession,
  );

  app.openapi(
    createRoute({
      method: "post",
      path: "/v1/uploads/{id}/parts/sign",
      summary: "Signed URLs for parts",
      tags,
      middleware: [guard("signParts")],
      request: { params: sessionParams, body: jsonBody(signPartsRequest) },
      responses: {
        200: jsonResponse("URLs, in the order asked", signPartsResponse),
        ...failures("session_not_found", "session_not_open", "session_completed", "storage_unavailable"),
      },
    }),
    async (c) => {
      const urls = await storage.uploads.signParts(
        c.get("caller"),
        c.req.valid("param").id,
        c.req.valid("json"),
      );
      return c.json({ urls }, 200);
    },
    ofSession,
  );

  app.openapi(
    createRoute({
      method: "post",
      path: "/v1/uploads/{id}/complete",
      summary: "Finish an upload; safe to repeat",
      tags,
      middleware: [guard("completeUpload")],
      request: { params: sessionParams, body: optionalBody(completeUploadRequest) },
      responses: {
        200: jsonResponse("Stored and proved", completion),
        202: jsonResponse("Not yet: ask again after `Retry-After` seconds", completion),
        ...failures(
          "session_not_found",
          "session_not_open",
          "parts_missing",
          "content_mismatch",
          "size_mismatch",
          "upload_failed",
          "storage_unavailable",
        ),
      },
    }),
    async (c) => {
      const result = await storage.uploads.complete(
        c.get("caller"),
        c.req.valid("param").id,
        await readOptional(c, completeUploadRequest),
      );
      if (result.state === "completed") return c.json(result, 200);
      c.header("Retry-After", String(Math.max(1, Math.ceil(result.retryAfterMs / 1000))));
      return c.json(result, 202);
    },
    ofSession,
  );

  app.openapi(
    createRoute({
      method: "delete",
      path: "/v1/uploads/{id}",
      summary: "Cancel an upload; safe to repeat",
      tags,
      middleware: [guard("cancelUpload")],
      request: { params: sessionParams },
      responses: {
        200: jsonResponse("Cancelled, or being cancelled", cancelResponse),
        ...failures("session_not_found", "session_not_open", "session_completed"),
      },
    }),
    async (c) => c.json(await storage.uploads.cancel(c.get("caller"), c.req.valid("param").id), 200),
    ofSession,
  );
}
