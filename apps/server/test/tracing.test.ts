import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCompanion } from "@audiotricks/companion";
import { startSpacesEmulator } from "@audiotricks/spaces-emulator";
import {
  createStorage,
  type Database,
  openProviders,
  prepareBucket,
  traceStatements,
} from "@audiotricks/storage";
import { wavBytes } from "@audiotricks/testing/audio";
import { createTestDatabase } from "@audiotricks/testing/database";
import { seedUser } from "@audiotricks/testing/seed";
import { context, propagation, trace } from "@opentelemetry/api";
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";
import { Kysely, PostgresDialect } from "kysely";
import { afterEach, expect, it, vi } from "vitest";
import { startTracing } from "../src/tracing.ts";

vi.setConfig({ testTimeout: 120_000 });

afterEach(() => {
  trace.disable();
  context.disable();
  propagation.disable();
});

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PAGE_SPAN = "00f067aa0ba902b7";

it("sees one trace from a page's request to the statements and calls to the store it leads to, and nothing secret", async () => {
  const exporter = new InMemorySpanExporter();
  const tracing = await startTracing(
    { endpoint: "http://127.0.0.1:9", serviceName: "test", ratio: 1 },
    new SimpleSpanProcessor(exporter),
  );
  await using database = await createTestDatabase<Database>();
  const db = new Kysely<Database>({
    dialect: new PostgresDialect({ pool: database.pool }),
    log: traceStatements,
  });
  const dataDir = mkdtempSync(join(tmpdir(), "tracing-"));
  const credentials = { accessKeyId: "key", secretAccessKey: "secret-for-tests" };
  const emulator = await startSpacesEmulator({ port: 0, dataDir, credentials: [credentials] });
  const spaces = { endpoint: emulator.endpoint, region: "us-east-1", bucket: "audio", ...credentials };
  await prepareBucket(spaces, { allowedOrigins: ["https://app.example.com"] });
  const storage = createStorage({ db, providers: await openProviders({ db, spaces }) });
  const userId = await seedUser(db);
  const companion = createCompanion({
    storage,
    authenticate: async () => ({ userId }),
    allowedOrigins: ["https://app.example.com"],
    onUnexpectedError: (error) => {
      throw error;
    },
  });
  const bytes = wavBytes(5_000);
  const call = async (path: string, body: object, headers: Record<string, string> = {}) =>
    companion.request(path, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer token-of-the-page", ...headers },
      body: JSON.stringify(body),
    });
  try {
    const created = await call("/v1/uploads", {
      files: [{ clientId: "1", name: "mine.wav", size: bytes.length, type: "audio/wav" }],
    });
    const { results } = (await created.json()) as {
      results: [{ session: { sessionId: string; urls: [{ url: string; headers: Record<string, string> }] } }];
    };
    const { sessionId, urls } = results[0].session;
    await fetch(urls[0].url, { method: "PUT", headers: urls[0].headers, body: bytes });
    exporter.reset();
    const traceparent = `00-${TRACE}-${PAGE_SPAN}-01`;
    const completed = await call(`/v1/uploads/${sessionId}/complete`, {}, { traceparent });
    expect(completed.status).toBe(200);

    const spans = exporter.getFinishedSpans().filter((span) => span.spanContext().traceId === TRACE);
    const request = spans.find(({ name }) => name === "POST /v1/uploads/:id/complete");
    expect(request?.parentSpanContext?.spanId).toBe(PAGE_SPAN);
    expect(request?.attributes).toMatchObject({
      "http.route": "/v1/uploads/:id/complete",
      "http.response.status_code": 200,
    });
    const below = spans.filter((span) => span !== request);
    const names = new Set(below.map(({ name }) => name));
    for (const name of [
      "S3 GetObject",
      "S3 PutObject",
      "S3 DeleteObject",
      "UPDATE multipart_uploads",
      "UPDATE file_storage",
    ])
      expect([...names]).toContain(name);
    const ids = new Map(spans.map((span) => [span.spanContext().spanId, span]));
    for (const span of below) expect(rootOf(span, ids)).toBe(request);
    const told = JSON.stringify(
      exporter
        .getFinishedSpans()
        .map(({ name, attributes, status, events }) => ({ name, attributes, status, events })),
    );
    for (const secret of [
      "X-Amz",
      "Signature",
      "secret-for-tests",
      "token-of-the-page",
      "mine.wav",
      sessionId,
      userId,
    ])
      expect(told).not.toContain(secret);

    const preflight = await companion.request("/v1/uploads", {
      method: "OPTIONS",
      headers: {
        origin: "https://app.example.com",
        "access-control-request-method": "POST",
        "access-control-request-headers": "traceparent",
      },
    });
    expect(preflight.headers.get("access-control-allow-headers")).toMatch(/\btraceparent\b/);
    // Nonsense names no trace, and stops nothing.
    const odd = await call("/v1/uploads", { files: [] }, { traceparent: "00-zzz-\u00e4-99" });
    expect(odd.status).toBe(400);
  } finally {
    await storage.close();
    await emulator.close();
    rmSync(dataDir, { recursive: true, force: true });
    await tracing.stop();
  }
});

function rootOf(span: ReadableSpan, ids: Map<string, ReadableSpan>): ReadableSpan {
  const parent = ids.get(span.parentSpanContext?.spanId ?? "");
  return parent === undefined ? span : rootOf(parent, ids);
}

it("sends spans to a collector by OTLP, and what is left when it stops", async () => {
  const received: { url: string | undefined; body: string }[] = [];
  const collector = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      received.push({ url: request.url, body });
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = collector.address() as AddressInfo;
    const tracing = await startTracing({
      endpoint: `http://127.0.0.1:${port}/`,
      serviceName: "mine",
      ratio: 1,
    });
    trace.getTracer("test").startSpan("told").end();
    await tracing.stop();
    expect(received.map(({ url }) => url)).toEqual(["/v1/traces"]);
    expect(received[0]?.body).toContain('"told"');
    expect(received[0]?.body).toContain('"mine"');
  } finally {
    await new Promise((resolve) => collector.close(resolve));
  }
});

it("lets nobody from outside decide what is sent", async () => {
  const exporter = new InMemorySpanExporter();
  const tracing = await startTracing(
    { endpoint: "http://127.0.0.1:9", serviceName: "test", ratio: 0 },
    new SimpleSpanProcessor(exporter),
  );
  const parent = trace.setSpanContext(context.active(), {
    traceId: TRACE,
    spanId: PAGE_SPAN,
    traceFlags: 1,
    isRemote: true,
  });
  trace.getTracer("test").startSpan("forced", {}, parent).end();
  expect(exporter.getFinishedSpans()).toEqual([]);
  await tracing.stop();
});
