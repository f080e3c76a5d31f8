import {
  downloadRequest,
  downloadResponse,
  fileRecord,
  listFilesQuery,
  listFilesResponse,
  matchFilesRequest,
  matchFilesResponse,
  updateFileRequest,
} from "@audiotricks/protocol/messages";
import type { Storage } from "@audiotricks/storage";
import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import type { Guard } from "../access/guard.ts";
import { type CompanionApp, principalOf } from "../companion-env.ts";
import { failures, jsonBody, jsonResponse } from "../openapi-responses.ts";
import { optionalBody, readOptional } from "../optional-body.ts";
import { validation } from "../validation.ts";

const fileParams = z.object({ id: z.uuid() });
const ofFile = validation({ id: "file_not_found" });

export function addFileRoutes(app: CompanionApp, storage: Storage, guard: Guard): void {
  const tags = ["files"];

  app.openapi(
    createRoute({
      method: "get",
      path: "/v1/files",
      summary: "Files, newest first",
      tags,
      middleware: [guard("listFiles")],
      request: { query: listFilesQuery },
      responses: {
        200: jsonResponse("A page of files", listFilesResponse),
        ...failures("workspace_not_found"),
      },
    }),
    async (c) => c.json(await storage.files.list(principalOf(c), c.req.valid("query")), 200),
  );

  app.openapi(
    createRoute({
      method: "post",
      path: "/v1/files/match",
      summary: "Files of these sizes, to be compared with ones that are about to be sent",
      tags,
      middleware: [guard("matchFiles")],
      request: { body: jsonBody(matchFilesRequest) },
      responses: {
        200: jsonResponse("Files that the caller sees", matchFilesResponse),
        ...failures("workspace_not_found"),
      },
    }),
    async (c) => c.json(await storage.files.match(principalOf(c), c.req.valid("json")), 200),
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/v1/files/{id}",
      summary: "One file",
      tags,
      middleware: [guard("getFile")],
      request: { params: fileParams },
      responses: { 200: jsonResponse("The file", fileRecord), ...failures("file_not_found") },
    }),
    async (c) => c.json(await storage.files.get(c.get("caller"), c.req.valid("param").id), 200),
    ofFile,
  );

  app.openapi(
    createRoute({
      method: "patch",
      path: "/v1/files/{id}",
      summary: "Rename a file, or change who may read it",
      tags,
      middleware: [guard("updateFile")],
      request: { params: fileParams, body: jsonBody(updateFileRequest) },
      responses: {
        200: jsonResponse("The file as it is now", fileRecord),
        ...failures(
          "file_not_found",
          "file_not_ready",
          "access_changing",
          "access_not_allowed",
          "provider_unsupported",
        ),
      },
    }),
    async (c) => {
      const { id } = c.req.valid("param");
      return c.json(await storage.files.update(principalOf(c), id, c.req.valid("json")), 200);
    },
    ofFile,
  );

  app.openapi(
    createRoute({
      method: "delete",
      path: "/v1/files/{id}",
      summary: "Delete a file; safe to repeat",
      tags,
      middleware: [guard("deleteFile")],
      request: { params: fileParams },
      responses: {
        200: jsonResponse("Deleted, or being deleted", fileRecord),
        ...failures("file_not_found", "file_not_ready"),
      },
    }),
    async (c) => c.json(await storage.files.delete(principalOf(c), c.req.valid("param").id), 200),
    ofFile,
  );

  app.openapi(
    createRoute({
      method: "post",
      path: "/v1/files/{id}/recall",
      summary: "Have an archived file fetched back; safe to repeat",
      tags,
      middleware: [guard("recallFile")],
      request: { params: fileParams },
      responses: {
        200: jsonResponse("The file: `recalling` until it is back", fileRecord),
        ...failures("file_not_found", "file_not_ready"),
      },
    }),
    async (c) => c.json(await storage.files.recall(principalOf(c), c.req.valid("param").id), 200),
    ofFile,
  );

  app.openapi(
    createRoute({
      method: "post",
      path: "/v1/files/{id}/download",
      summary: "A signed URL of the bytes",
      tags,
      middleware: [guard("downloadFile")],
      request: { params: fileParams, body: optionalBody(downloadRequest) },
      responses: {
        200: jsonResponse("The URL", downloadResponse),
        ...failures("file_not_found", "file_not_ready", "storage_unavailable"),
      },
    }),
    async (c) => {
      const { id } = c.req.valid("param");
      const request = await readOptional(c, downloadRequest);
      return c.json(await storage.files.download(c.get("caller"), id, request), 200);
    },
    ofFile,
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/v1/files/{id}/content",
      summary: "Redirects to the bytes, for `<audio src>`",
      tags,
      middleware: [guard("readContent")],
      request: { params: fileParams },
      responses: {
        302: { description: "To a signed URL, good for a short while, or to the one that anyone has" },
        ...failures("file_not_found", "file_not_ready", "storage_unavailable"),
      },
    }),
    async (c) => {
      const { id } = c.req.valid("param");
      const { url } = await storage.files.download(principalOf(c), id, { disposition: "inline" });
      return c.redirect(url, 302);
    },
    ofFile,
  );
}
