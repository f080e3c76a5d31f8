import { UPLOAD_ERRORS } from "@audiotricks/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ALPHA, createMemoryCompanion } from "../test/memory-companion.ts";

interface Document {
  openapi: string;
  paths: Record<string, Record<string, { responses: Record<string, unknown>; parameters?: unknown[] }>>;
}

const { app, storage, unexpected } = createMemoryCompanion();
const document = (await (await app.request("/openapi.json")).json()) as Document;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
);
const [known] = await storage.uploads.create({ userId: ALPHA }, [
  { clientId: "1", name: "a.mp3", size: 3e7, type: "", contentType: "audio_file" },
]);
const sessionId = known !== undefined && "session" in known ? known.session.sessionId : "";

const segment = fc.oneof(
  fc.uuid(),
  fc.constant(sessionId),
  fc.string({ maxLength: 40 }).map(encodeURIComponent),
  fc.string({ unit: "binary", maxLength: 40 }).map((text) => encodeURIComponent(text.toWellFormed())),
  fc.constantFrom(
    "0",
    "1",
    "-1",
    "10001",
    "1e9",
    "%00",
    "%",
    "%ff",
    "..",
    "complete",
    "batch",
    "a".repeat(3000),
  ),
);
const names = fc.constantFrom(
  "files",
  "uploads",
  "partNumbers",
  "parts",
  "name",
  "size",
  "sessionId",
  "metadata",
  "filename",
  "type",
  "clientId",
  "workspaceId",
  "disposition",
  "md5",
  "__proto__",
  "constructor",
);
const json = fc.oneof(
  fc.jsonValue(),
  fc.dictionary(names, fc.jsonValue(), { maxKeys: 6 }),
  fc.record({ files: fc.array(fc.dictionary(names, fc.jsonValue()), { maxLength: 3 }) }),
);
const body = fc.oneof(
  json.map((value) => JSON.stringify(value)),
  fc.string({ unit: "binary", maxLength: 200 }).map((text) => text.toWellFormed()),
  fc.constant(undefined),
);
const contentType = fc.constantFrom(
  "application/json",
  "application/json; charset=utf-8",
  "application/problem+json",
  "text/plain",
  "multipart/form-data",
  "application/x-www-form-urlencoded",
  undefined,
);
const query = fc.array(
  fc.tuple(
    fc.oneof(
      names,
      fc.constantFrom("key", "state", "limit", "cursor", "metadata[size]", "metadata[]", "partNumbers"),
    ),
    fc.string({ unit: "binary", maxLength: 30 }).map((text) => text.toWellFormed()),
  ),
  { maxLength: 4 },
);

describe("openapi.json", () => {
  it("has patterns that match what is allowed", () => {
    const patterns = [...JSON.stringify(document).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)].map(
      ([, text]) => new RegExp(JSON.parse(text ?? '""') as string, "u"),
    );
    const samples = [
      "x.wav",
      "Größe 5.flac",
      "0".repeat(32),
      "0".repeat(64),
      "0".repeat(43),
      "network",
      "en",
      "2026-11",
      "00000000-0000-4000-8000-000000000000",
    ];
    expect(patterns.length).toBeGreaterThan(5);
    for (const pattern of patterns)
      expect(
        samples.some((sample) => pattern.test(sample)),
        `${pattern}`,
      ).toBe(true);
  });

  it("describes every route, its path parameters and its failures", () => {
    expect(document.openapi).toBe("3.1.0");
    expect(operations.map(({ method, path }) => `${method} ${path}`).sort()).toMatchInlineSnapshot(`
      [
        "DELETE /s3/multipart/{uploadId}",
        "DELETE /v1/exports/{id}",
        "DELETE /v1/files/{id}",
        "DELETE /v1/files/{id}/shares",
        "DELETE /v1/files/{id}/shares/{shareId}",
        "DELETE /v1/groups/{id}",
        "DELETE /v1/s3-tokens/{token}",
        "DELETE /v1/uploads/{id}",
        "GET /s/{token}",
        "GET /s3/multipart/{uploadId}",
        "GET /s3/multipart/{uploadId}/batch",
        "GET /s3/multipart/{uploadId}/{partNumber}",
        "GET /s3/params",
        "GET /v1/admin/activity",
        "GET /v1/admin/alerts",
        "GET /v1/admin/archive",
        "GET /v1/admin/audit",
        "GET /v1/admin/backups",
        "GET /v1/admin/costs",
        "GET /v1/admin/costs/forecast",
        "GET /v1/admin/costs/what-if",
        "GET /v1/admin/dashboard",
        "GET /v1/admin/database-backups",
        "GET /v1/admin/growth",
        "GET /v1/admin/jobs",
        "GET /v1/admin/moves",
        "GET /v1/admin/sessions",
        "GET /v1/admin/uploads/{id}",
        "GET /v1/admin/usage",
        "GET /v1/config",
        "GET /v1/events",
        "GET /v1/exports",
        "GET /v1/exports/{id}",
        "GET /v1/files",
        "GET /v1/files/{id}",
        "GET /v1/files/{id}/content",
        "GET /v1/files/{id}/shares",
        "GET /v1/files/{id}/waveform",
        "GET /v1/quota",
        "GET /v1/uploads",
        "GET /v1/uploads/{id}",
        "GET /v1/usage",
        "PATCH /v1/files/{id}",
        "PATCH /v1/groups/{id}",
        "POST /s3/multipart",
        "POST /s3/multipart/{uploadId}/complete",
        "POST /v1/admin/alerts/{id}/acknowledge",
        "POST /v1/exports",
        "POST /v1/exports/{id}/download",
        "POST /v1/files/match",
        "POST /v1/files/{id}/derived",
        "POST /v1/files/{id}/download",
        "POST /v1/files/{id}/recall",
        "POST /v1/files/{id}/shares",
        "POST /v1/files/{id}/waveform",
        "POST /v1/s3-tokens",
        "POST /v1/uploads",
        "POST /v1/uploads/complete",
        "POST /v1/uploads/{id}/complete",
        "POST /v1/uploads/{id}/parts/sign",
      ]
    `);
    for (const { path, operation } of operations) {
      const inPath = (operation.parameters ?? []) as { in: string; name: string }[];
      for (const [, name] of path.matchAll(/\{(\w+)\}/g))
        expect(inPath).toContainEqual(expect.objectContaining({ in: "path", name }));
      for (const status of ["400", "401", "403", "413", "500"])
        expect(operation.responses).toHaveProperty(status);
    }
  });

  it.each(operations)(
    "$method $path answers anything at all without a fault",
    async ({ method, path, operation }) => {
      const documented = new Set(Object.keys(operation.responses).map(Number));
      await fc.assert(
        fc.asyncProperty(
          fc.array(segment, { minLength: 2, maxLength: 2 }),
          query,
          body,
          contentType,
          fc.boolean(),
          async (segments, search, text, type, signedIn) => {
            const ids = segments.values();
            const target = path.replaceAll(/\{\w+\}/g, () => ids.next().value ?? "");
            const headers = new Headers(type === undefined ? {} : { "content-type": type });
            if (signedIn) headers.set("authorization", `Bearer ${ALPHA}`);
            const response = await app.request(`${target}?${new URLSearchParams(search)}`, {
              method,
              headers,
              ...(method === "GET" || text === undefined ? {} : { body: text }),
            });
            expect(response.status).toBeLessThan(500);
            // A hostile id can turn one path into another; then it is that one's statuses.
            if (response.status >= 400) {
              const answer = (await response.json()) as {
                error: { code: keyof typeof UPLOAD_ERRORS; message: string };
              };
              expect(UPLOAD_ERRORS[answer.error.code]).toBe(response.status);
              expect(JSON.stringify(answer)).not.toMatch(/\.ts:|node_modules|at async/);
              if (segments.every((id) => !/^\.*$|^(complete|batch)$/.test(id)))
                expect(documented, answer.error.code).toContain(response.status);
            }
          },
        ),
        { numRuns: 150 },
      );
      expect(unexpected).toEqual([]);
    },
  );
});
