import { S3_LIMITS } from "@audiotricks/protocol";
import { fileName, MAX_SIGN_BATCH } from "@audiotricks/protocol/messages";
import type { S3CompatFile, S3CompatUpload, Storage } from "@audiotricks/storage";
import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { z } from "zod";
import type { Guard } from "../access/guard.ts";
import { type CompanionEnv, principalOf } from "../companion-env.ts";
import { failures, jsonBody, jsonResponse } from "../openapi-responses.ts";
import { metadataOfQuery, readUppyMetadata } from "../uppy-metadata.ts";
import { validation } from "../validation.ts";

const mediaType = z.string().max(255);
const key = z.string().min(1).max(1024);
const partNumber = z.coerce.number<string>().int().min(1).max(S3_LIMITS.maxPartCount);
const uploadParams = z.object({ uploadId: z.uuid() });
const keyQuery = z.object({ key });
const ofUpload = validation({ uploadId: "session_not_found" });
/** S3's own spelling, which Uppy passes through; some clients keep the quotes that S3 puts around an ETag. */
const completedPart = z.object({
  PartNumber: z.number().int().min(1).max(S3_LIMITS.maxPartCount),
  ETag: z
    .string()
    .max(200)
    .transform((etag) => etag.replace(/^"+|"+$/g, "")),
});
const partNumberList = z
  .string()
  .max(1000)
  .transform((list) => list.split(","))
  .pipe(z.array(partNumber).min(1).max(MAX_SIGN_BATCH));

/** Uppy Companion's S3 routes, as an unmodified `@uppy/aws-s3` calls them. */
export function uppyS3Routes(storage: Storage, guard: Guard): OpenAPIHono<CompanionEnv> {
  const app = new OpenAPIHono<CompanionEnv>({ defaultHook: validation() });
  const tags = ["stock Uppy"];
  const refusals = [
    "file_empty",
    "file_too_large",
    "type_not_allowed",
    "quota_exceeded",
    "too_many_sessions",
    "no_provider",
    "storage_unavailable",
    "workspace_not_found",
  ] as const;
  const onUpload = [
    "session_not_found",
    "session_not_open",
    "session_completed",
    "storage_unavailable",
  ] as const;

  app.openapi(
    createRoute({
      method: "get",
      path: "/params",
      summary: "A form to POST a whole file with",
      tags,
      middleware: [guard("s3Params")],
      request: { query: z.looseObject({ filename: fileName, type: mediaType.optional() }) },
      responses: {
        200: jsonResponse(
          "The form's address and its fields, to be followed by `file`",
          z.object({
            method: z.literal("POST"),
            url: z.string(),
            fields: z.record(z.string(), z.string()),
            expires: z.number().int(),
          }),
        ),
        ...failures(...refusals),
      },
    }),
    async (c) => {
      const { filename, type = "", ...rest } = c.req.valid("query");
      const file = describeFile(c, filename, type, metadataOfQuery(rest));
      const { url, fields, expiresIn } = await storage.s3.presignPost(principalOf(c), file);
      return c.json({ method: "POST" as const, url, fields, expires: expiresIn }, 200);
    },
  );

  app.openapi(
    createRoute({
      method: "post",
      path: "/multipart",
      summary: "Begin a multipart upload",
      tags,
      middleware: [guard("s3Create")],
      request: {
        body: jsonBody(
          z.looseObject({
            filename: fileName,
            type: mediaType,
            metadata: z.record(z.string(), z.unknown()).nullish(),
          }),
        ),
      },
      responses: {
        200: jsonResponse("The upload", z.object({ key: z.string(), uploadId: z.string() })),
        ...failures(...refusals),
      },
    }),
    async (c) => {
      const { filename, type, metadata } = c.req.valid("json");
      const file = describeFile(c, filename, type, metadata ?? {});
      const created = await storage.s3.createMultipart(principalOf(c), file);
      c.set("affected", [{ id: created.uploadId, outcome: "done" }]);
      return c.json(created, 200);
    },
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/multipart/{uploadId}",
      summary: "All parts the store holds",
      tags,
      middleware: [guard("s3ListParts")],
      request: { params: uploadParams, query: keyQuery },
      responses: {
        200: jsonResponse(
          "In order of part number, on one page",
          z.array(z.object({ PartNumber: z.number().int(), ETag: z.string(), Size: z.number().int() })),
        ),
        ...failures(...onUpload),
      },
    }),
    async (c) => {
      const upload = uploadOf(c.req.valid("param"), c.req.valid("query"));
      const parts = await storage.s3.listParts(principalOf(c), upload);
      return c.json(
        parts.map(({ partNumber, etag, size }) => ({ PartNumber: partNumber, ETag: etag, Size: size })),
        200,
      );
    },
    ofUpload,
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/multipart/{uploadId}/batch",
      summary: "Signed URLs for several parts",
      tags,
      middleware: [guard("s3SignBatch")],
      request: { params: uploadParams, query: keyQuery.extend({ partNumbers: partNumberList }) },
      responses: {
        200: jsonResponse("By part number", z.object({ presignedUrls: z.record(z.string(), z.string()) })),
        ...failures(...onUpload),
      },
    }),
    async (c) => {
      const query = c.req.valid("query");
      const upload = uploadOf(c.req.valid("param"), query);
      const presignedUrls: Record<string, string> = {};
      // One after another: each signature is decided by the bytes the store holds and the parts signed before it.
      for (const partNumber of new Set(query.partNumbers)) {
        const { url } = await storage.s3.signPart(principalOf(c), upload, partNumber);
        presignedUrls[partNumber] = url;
      }
      return c.json({ presignedUrls }, 200);
    },
    ofUpload,
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/multipart/{uploadId}/{partNumber}",
      summary: "A signed URL for one part",
      tags,
      middleware: [guard("s3SignPart")],
      request: { params: uploadParams.extend({ partNumber }), query: keyQuery },
      responses: {
        200: jsonResponse("The URL", z.object({ url: z.string(), expires: z.number().int() })),
        ...failures(...onUpload, "quota_exceeded", "size_mismatch"),
      },
    }),
    async (c) => {
      const params = c.req.valid("param");
      const upload = uploadOf(params, c.req.valid("query"));
      const { url, expiresIn } = await storage.s3.signPart(principalOf(c), upload, params.partNumber);
      return c.json({ url, expires: expiresIn }, 200);
    },
    ofUpload,
  );

  app.openapi(
    createRoute({
      method: "post",
      path: "/multipart/{uploadId}/complete",
      summary: "Finish an upload; answers once it is proved",
      tags,
      middleware: [guard("s3Complete")],
      request: {
        params: uploadParams,
        query: keyQuery,
        body: jsonBody(z.looseObject({ parts: z.array(completedPart).min(1).max(S3_LIMITS.maxPartCount) })),
      },
      responses: {
        200: jsonResponse(
          "Stored and proved",
          z.object({ location: z.string(), key: z.string(), bucket: z.string() }),
        ),
        ...failures(...onUpload, "parts_missing", "content_mismatch", "size_mismatch", "upload_failed"),
      },
    }),
    async (c) => {
      const upload = uploadOf(c.req.valid("param"), c.req.valid("query"));
      const parts = c.req
        .valid("json")
        .parts.map(({ PartNumber, ETag }) => ({ partNumber: PartNumber, etag: ETag }));
      return c.json(await storage.s3.complete(principalOf(c), upload, parts), 200);
    },
    ofUpload,
  );

  app.openapi(
    createRoute({
      method: "delete",
      path: "/multipart/{uploadId}",
      summary: "Cancel an upload; safe to repeat",
      tags,
      middleware: [guard("s3Abort")],
      request: { params: uploadParams, query: keyQuery },
      responses: { 200: jsonResponse("Cancelled", z.object({})), ...failures(...onUpload) },
    }),
    async (c) => {
      await storage.s3.abort(principalOf(c), uploadOf(c.req.valid("param"), c.req.valid("query")));
      return c.json({}, 200);
    },
    ofUpload,
  );

  return app;
}

function uploadOf({ uploadId }: { uploadId: string }, { key }: { key: string }): S3CompatUpload {
  return { uploadId, key };
}

function describeFile(
  c: Context<CompanionEnv>,
  name: string,
  type: string,
  metadata: Record<string, unknown>,
): S3CompatFile {
  const { size, workspaceId } = readUppyMetadata(metadata);
  return {
    name,
    type,
    ...(size === undefined ? {} : { size }),
    ...workspace(c.get("tokenWorkspaceId") ?? workspaceId),
  };
}

function workspace(workspaceId: string | undefined): { workspaceId?: string } {
  return workspaceId === undefined ? {} : { workspaceId };
}
