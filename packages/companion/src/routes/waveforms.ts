import { MAX_PEAKS_FILE_SIZE, UploadError } from "@audiotricks/protocol";
import { keepWaveformResponse } from "@audiotricks/protocol/messages";
import type { Storage } from "@audiotricks/storage";
import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import type { Guard } from "../access/guard.ts";
import { type CompanionApp, principalOf } from "../companion-env.ts";
import { failures, jsonResponse } from "../openapi-responses.ts";
import { validation } from "../validation.ts";

const fileParams = z.object({ id: z.uuid() });
const ofFile = validation({ id: "file_not_found" });
const peaks = {
  "application/octet-stream": {
    schema: z.any().openapi({ type: "string", format: "binary", maxLength: MAX_PEAKS_FILE_SIZE }),
  },
};

export function addWaveformRoutes(app: CompanionApp, storage: Storage, guard: Guard): void {
  const tags = ["files"];

  app.openapi(
    createRoute({
      method: "get",
      path: "/v1/files/{id}/waveform",
      summary: "The peaks kept beside a file: audiowaveform's data format, version 1, 8 bits",
      tags,
      middleware: [guard("readWaveform")],
      request: { params: fileParams },
      responses: {
        200: { description: "The peaks, which do not change as long as the file is there", content: peaks },
        304: { description: "Those that `If-None-Match` names" },
        ...failures("file_not_found", "file_not_ready", "storage_unavailable"),
      },
    }),
    async (c) => {
      const { bytes, etag } = await storage.files.readWaveform(principalOf(c), c.req.valid("param").id);
      const headers = {
        ETag: `"${etag}"`,
        // For this person's browser alone, which asks each time whether they still may.
        "Cache-Control": "private, no-cache",
        Vary: "Origin, Authorization, Cookie",
      };
      if (c.req.header("if-none-match") === headers.ETag) return c.body(null, 304, headers);
      return c.body(Uint8Array.from(bytes), 200, { ...headers, "Content-Type": "application/octet-stream" });
    },
    ofFile,
  );

  app.openapi(
    createRoute({
      method: "post",
      path: "/v1/files/{id}/waveform",
      summary: "Keep the peaks of a file of one's own, once; safe to repeat",
      tags,
      middleware: [guard("keepWaveform")],
      request: { params: fileParams, body: { content: peaks, required: true } },
      responses: {
        200: jsonResponse("They are kept, or others were before", keepWaveformResponse),
        ...failures(
          "file_not_found",
          "file_not_ready",
          "quota_exceeded",
          "too_many_sessions",
          "no_provider",
          "storage_unavailable",
        ),
      },
    }),
    async (c) => {
      const length = Number(c.req.header("content-length") ?? 0);
      if (length > MAX_PEAKS_FILE_SIZE) throw tooLarge();
      const bytes = new Uint8Array(await c.req.arrayBuffer());
      if (bytes.length > MAX_PEAKS_FILE_SIZE) throw tooLarge();
      return c.json(await storage.files.keepWaveform(principalOf(c), c.req.valid("param").id, bytes), 200);
    },
    ofFile,
  );
}

function tooLarge(): UploadError {
  return new UploadError("body_too_large", `Peaks may have at most ${MAX_PEAKS_FILE_SIZE} bytes.`, {
    details: { limitBytes: MAX_PEAKS_FILE_SIZE },
  });
}
