import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { QuotaScope } from "@audiotricks/protocol/messages";
import { afterEach, describe, expect, it, vi } from "vitest";
import { readQuotaStream } from "./quota-stream.ts";

const quota = (usedBytes: number): QuotaScope => ({
  scope: "user",
  id: "aaaaaaaa-0000-4000-8000-000000000001",
  usedBytes,
  reservedBytes: 0,
  limitBytes: null,
  usedFiles: 0,
  reservedFiles: 0,
  limitFiles: null,
  status: "normal",
});
const event = (usedBytes: number, version = 1) =>
  `event: quota\ndata: ${JSON.stringify({ version, quotas: [quota(usedBytes)] })}\n\n`;
const stream = (response: ServerResponse) => response.writeHead(200, { "content-type": "text/event-stream" });
const error = (code: string) => JSON.stringify({ error: { code, message: "no" } });

const closing: (() => void)[] = [];
afterEach(() => {
  vi.useRealTimers();
  for (const close of closing.splice(0)) close();
});

/** What one server answers, and what a page makes of it. */
async function against(
  answer: RequestListener,
  { tokens = ["t"] as (string | null)[], workspaceId = "w" } = {},
) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const told: number[] = [];
  const wanted = new AbortController();
  const given = [...tokens];
  const end = readQuotaStream({
    companionUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/uploads/`,
    workspaceId,
    getToken: () => (given.length > 1 ? given.shift() : given[0]) ?? null,
    signal: wanted.signal,
    onQuotas: (quotas) => told.push(...quotas.map(({ usedBytes }) => usedBytes)),
  });
  return { end, told, wanted, requests };
}

describe("reading the quota's stream", () => {
  it("hears of each change, past what it does not know, and of the end", async () => {
    const { end, told, requests } = await against((_, response) => {
      stream(response);
      response.write(`:\n\n${event(1)}event: file\ndata: {}\n\n${event(7, 2)}`);
      response.end(event(2));
    });
    expect(await end).toEqual({ kind: "ended" });
    expect(told).toEqual([1, 2]);
    expect(requests[0]?.url).toBe("/uploads/v1/events?workspaceId=w");
    expect(requests[0]?.headers.authorization).toBe("Bearer t");
  });

  it("asks once more who it is when the token is refused, and not for ever", async () => {
    const { end, requests } = await against(
      (_, response) => {
        response.writeHead(401, { "content-type": "application/json" }).end(error("unauthenticated"));
      },
      { tokens: ["old", "new", "newer"] },
    );
    expect(await end).toEqual({ kind: "refused", retryAfterMs: null });
    expect(requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer old", "Bearer new"]);
    const signedOut = await against(() => {}, { tokens: [null] });
    expect(await signedOut.end).toEqual({ kind: "refused", retryAfterMs: null });
    expect(signedOut.requests).toEqual([]);
  });

  it.each([
    [404, "application/json", error("route_not_found"), "unsupported"],
    [404, "text/html", "<!doctype html>", "unsupported"],
    [405, "application/json", error("method_not_allowed"), "unsupported"],
    [200, "text/html", "<!doctype html>", "unsupported"],
    [200, "application/json", "{}", "unsupported"],
    [404, "application/json", error("workspace_not_found"), "refused"],
    [429, "application/json", error("too_many_streams"), "refused"],
    [503, "application/json", error("streams_unavailable"), "refused"],
    [502, "text/html", "<!doctype html>", "refused"],
    [500, "application/json", "{not JSON", "refused"],
    [200, "text/event-stream", "event: quota\ndata: {not JSON\n\n", "refused"],
    [200, "text/event-stream", "", "refused"],
  ] as const)("knows whether to come again soon: %i %s %j", async (status, type, body, kind) => {
    const { end, told } = await against((_, response) => {
      response.writeHead(status, { "content-type": type, "retry-after": "30" }).end(body);
    });
    const retryAfterMs = type === "text/event-stream" ? null : 30_000;
    expect(await end).toEqual(kind === "refused" ? { kind, retryAfterMs } : { kind });
    expect(told).toEqual([]);
  });

  it("gives up what tells nothing for five seconds, as behind a proxy that gathers", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { end, requests } = await against((_, response) => stream(response).flushHeaders());
    await expect.poll(() => requests.length).toBe(1);
    vi.advanceTimersByTime(5000);
    expect(await end).toEqual({ kind: "refused", retryAfterMs: null });
  });

  it("is over when there was no sign of life for long, and not before", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    let beat = () => {};
    const { end, told } = await against((_, response) => {
      stream(response).write(event(1));
      beat = () => response.write(":\n\n");
    });
    await expect.poll(() => told).toEqual([1]);
    let isOver = false;
    void end.then(() => {
      isOver = true;
    });
    for (let beats = 0; beats < 5; beats++) {
      vi.advanceTimersByTime(30_000);
      beat();
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await new Promise((resolve) => setImmediate(resolve));
    expect(isOver).toBe(false);
    vi.advanceTimersByTime(45_000);
    expect(await end).toEqual({ kind: "ended" });
  });

  it("lets go at once when nobody wants it any more, and says so to the companion", async () => {
    let isClosed = false;
    const { end, told, wanted } = await against((_, response) => {
      stream(response).write(event(1));
      response.on("close", () => {
        isClosed = true;
      });
    });
    await expect.poll(() => told).toEqual([1]);
    wanted.abort();
    expect(await end).toEqual({ kind: "ended" });
    await expect.poll(() => isClosed).toBe(true);
  });

  it("waits for no host whose token does not come", async () => {
    const wanted = new AbortController();
    const end = readQuotaStream({
      companionUrl: "http://127.0.0.1:9",
      workspaceId: undefined,
      getToken: () => new Promise(() => {}),
      signal: wanted.signal,
      onQuotas: () => {},
    });
    wanted.abort();
    expect(await end).toEqual({ kind: "refused", retryAfterMs: null });
  });

  it("waits for no host where it is no longer wanted before it began", async () => {
    const end = readQuotaStream({
      companionUrl: "http://127.0.0.1:9",
      workspaceId: undefined,
      getToken: () => new Promise(() => {}),
      signal: AbortSignal.abort(),
      onQuotas: () => {},
    });
    expect(await Promise.race([end, new Promise((resolve) => setTimeout(resolve, 1000, "waits"))])).toEqual({
      kind: "refused",
      retryAfterMs: null,
    });
  });
});
