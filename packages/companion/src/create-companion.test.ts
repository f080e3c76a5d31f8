import { UploadError } from "@audiotricks/protocol";
import { describe, expect, it } from "vitest";
import { ALPHA, createMemoryCompanion, errorOf, ORIGIN } from "../test/memory-companion.ts";

const upload = { files: [{ clientId: "1", name: "a.mp3", size: 1 }] };
const SECRET = "postgres://user:hunter2@db/x";

describe("errors", () => {
  it("tells the caller of a fault of ours the request id and nothing else", async () => {
    const { call, storage, unexpected } = createMemoryCompanion();
    const fault = new Error(`cannot connect to ${SECRET}`);
    storage.failWith(fault);
    const response = await call("GET", "/v1/files", { headers: { "x-request-id": "abc-1" } });
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(JSON.parse(text)).toEqual({
      error: { code: "internal", message: expect.any(String), details: { requestId: "abc-1" } },
    });
    expect(text).not.toContain("hunter2");
    expect(unexpected).toEqual([fault]);
  });

  it("passes on what storage refuses, with its details and when to come back", async () => {
    const { call, storage, unexpected } = createMemoryCompanion();
    storage.failWith(
      new UploadError("too_many_sessions", "Too many.", { details: { limit: 3, retryAfterMs: 2500 } }),
    );
    const response = await call("POST", "/v1/uploads", { json: upload });
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("3");
    expect((await errorOf(response)).details).toEqual({ limit: 3, retryAfterMs: 2500 });
    expect(unexpected).toEqual([]);
  });

  it("says where the input is wrong, without carrying it back", async () => {
    const { call } = createMemoryCompanion();
    const huge = "x".repeat(100_000);
    const json = { files: [{ clientId: "1", name: huge, size: -1, [huge]: 1, type: 5 }] };
    const response = await call("POST", "/v1/uploads", { json });
    const text = await response.text();
    expect(text.length).toBeLessThan(2000);
    expect(JSON.parse(text).error.details.issues.map(({ path }: { path: string }) => path)).toContain(
      "files.0.size",
    );
  });

  it.each([
    ["NUL", "a\0b"],
    ["half a surrogate pair", "\ud800"],
  ])("refuses %s anywhere in a body: the database could not keep it", async (_, text) => {
    const { call, storage } = createMemoryCompanion();
    for (const extra of [
      { clientId: text },
      { type: text },
      { metadata: { a: text } },
      { metadata: { [text]: "a" } },
    ]) {
      const response = await call("POST", "/v1/uploads", {
        json: { files: [{ ...upload.files[0], ...extra }] },
      });
      expect((await errorOf(response)).code).toBe("invalid_request");
    }
    expect(storage.changes).toEqual([]);
  });

  it("answers an unknown route as such, signed in or not", async () => {
    const { call } = createMemoryCompanion();
    for (const path of ["/", "/v1", "/v1/nothing", "/v2/uploads", "/v1/files/a/b/c", "//", "/%"])
      expect((await errorOf(await call("GET", path, { user: null }))).code).toBe("route_not_found");
  });

  it.each(["", "\u00e9", "x".repeat(201)])("refuses the idempotency key %j", async (key) => {
    const { call, storage } = createMemoryCompanion();
    const response = await call("POST", "/v1/uploads", { json: upload, headers: { "idempotency-key": key } });
    expect((await errorOf(response)).code).toBe("invalid_request");
    expect(storage.changes).toEqual([]);
  });
});

describe("completion", () => {
  it("answers 202 and when to ask again while another is at it", async () => {
    const { call, storage } = createMemoryCompanion();
    const [created] = await storage.uploads.create({ userId: ALPHA }, [
      { clientId: "1", name: "a.mp3", size: 1, type: "", contentType: "audio_file" },
    ]);
    if (created === undefined || !("session" in created)) throw new Error("refused");
    const { sessionId } = created.session;
    const session = storage.sessions.get(sessionId);
    if (session === undefined) throw new Error("lost");
    session.state = "completing";
    const response = await call("POST", `/v1/uploads/${sessionId}/complete`);
    expect(response.status).toBe(202);
    expect(response.headers.get("retry-after")).toBe("2");
    expect(await response.json()).toEqual({ state: "completing", sessionId, retryAfterMs: 1200 });
  });
});

describe("request ids", () => {
  it("echoes a sane one and replaces any other", async () => {
    const { call } = createMemoryCompanion();
    const idOf = async (sent: string) =>
      (await call("GET", "/healthz", { headers: { "x-request-id": sent } })).headers.get("x-request-id");
    expect(await idOf("abc_DEF-123")).toBe("abc_DEF-123");
    for (const sent of ["", "a b", "<script>", "x".repeat(101)])
      expect(await idOf(sent)).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe("request log", () => {
  it("names the route by its pattern and never holds a token, an id or a query", async () => {
    const { call, entries } = createMemoryCompanion();
    const token = (await (await call("POST", "/v1/s3-tokens")).json()) as { token: string };
    await call("GET", `/s3-token/${token.token}/s3/params?filename=private.mp3`, { user: null });
    await call("DELETE", `/v1/s3-tokens/${token.token}`);
    await call("GET", "/v1/files/secret-id");
    await call("GET", "/nowhere/secret");
    expect(entries.map(({ method, route, status }) => `${method} ${route} ${status}`)).toEqual([
      "POST /v1/s3-tokens 200",
      "GET /s3-token/:token/s3/params 200",
      "DELETE /v1/s3-tokens/:token 204",
      "GET /v1/files/:id 404",
      "GET unmatched 404",
    ]);
    expect(JSON.stringify(entries)).not.toMatch(new RegExp(`${token.token}|secret|private`));
  });
});

describe("origins", () => {
  it("lets an allowed origin read, errors too, and no other", async () => {
    const { call } = createMemoryCompanion();
    for (const path of ["/v1/files", "/v1/nothing", "/v1/files/x"]) {
      const allowed = await call("GET", path, { headers: { origin: ORIGIN } });
      expect(allowed.headers.get("access-control-allow-origin")).toBe(ORIGIN);
      expect(allowed.headers.get("access-control-expose-headers")).toBe("Link,Retry-After,X-Request-Id");
      expect(allowed.headers.get("vary")).toContain("Origin");
      for (const origin of [
        "https://evil.example",
        "null",
        `${ORIGIN}.evil.example`,
        "http://app.example.com",
      ]) {
        const refused = await call("GET", path, { headers: { origin } });
        expect(refused.headers.get("access-control-allow-origin")).toBeNull();
        expect(refused.headers.get("vary")).toContain("Origin");
      }
    }
  });

  it("answers a preflight without asking who it is", async () => {
    const { call } = createMemoryCompanion();
    const headers = { origin: ORIGIN, "access-control-request-method": "DELETE" };
    const response = await call("OPTIONS", "/v1/uploads/x", { headers, user: null });
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-methods")).toContain("DELETE");
    expect(response.headers.get("access-control-allow-headers")).toContain("Idempotency-Key");
    expect(response.headers.get("access-control-allow-credentials")).toBeNull();
  });

  it("changes nothing for a page of another origin, even where a cookie would sign it in", async () => {
    const { call, storage } = createMemoryCompanion({ authenticate: async () => ({ userId: ALPHA }) });
    const foreign = [
      { origin: "https://evil.example" },
      { origin: "null" },
      { "sec-fetch-site": "cross-site" },
    ];
    for (const headers of foreign) {
      for (const [method, path] of [
        ["POST", "/v1/s3-tokens"],
        ["GET", "/s3/params?filename=a.mp3"],
      ] as const)
        expect((await errorOf(await call(method, path, { headers }))).code).toBe("forbidden");
    }
    expect(storage.changes).toEqual([]);
    const own = await call("POST", "/v1/s3-tokens", { headers: { origin: "http://localhost" } });
    expect(own.status).toBe(200);
  });

  it.each(["*", "null", "https://app.example.com/", "app.example.com", "ftp://a.example"])(
    "refuses %s as an allowed origin",
    (origin) => {
      expect(() => createMemoryCompanion({ allowedOrigins: [origin] })).toThrow(TypeError);
    },
  );
});

describe("where it is found", () => {
  it("serves under a base path and says so to stock Uppy", async () => {
    const { call } = createMemoryCompanion({ basePath: "/uploads", publicUrl: "https://api.example.com" });
    const response = await call("POST", "/uploads/v1/s3-tokens");
    const { token, companionEndpoint } = (await response.json()) as Record<string, string>;
    expect(companionEndpoint).toBe(`https://api.example.com/uploads/s3-token/${token}`);
    expect(
      (await call("GET", `/uploads/s3-token/${token}/s3/params?filename=a.mp3`, { user: null })).status,
    ).toBe(200);
    expect((await call("GET", "/v1/config")).status).toBe(404);
  });

  it("believes forwarded headers only when told to", async () => {
    const headers = { "x-forwarded-proto": "https", "x-forwarded-host": "api.example.com" };
    const endpointOf = async (trustForwarded: boolean) => {
      const { call } = createMemoryCompanion({ trustForwarded });
      const body = (await (await call("POST", "/v1/s3-tokens", { headers })).json()) as Record<
        string,
        string
      >;
      return new URL(body.companionEndpoint ?? "").origin;
    };
    expect(await endpointOf(true)).toBe("https://api.example.com");
    expect(await endpointOf(false)).toBe("http://localhost");
  });
});

describe("readiness", () => {
  it("says 503 without the reason, tells us the reason, and asks once for many callers", async () => {
    const { app, storage, unexpected } = createMemoryCompanion();
    storage.failWith(new Error(SECRET));
    const answers = await Promise.all(Array.from({ length: 20 }, async () => await app.request("/readyz")));
    for (const answer of answers) {
      expect(answer.status).toBe(503);
      expect(await answer.text()).not.toContain("hunter2");
    }
    expect(unexpected).toHaveLength(1);
    expect((await app.request("/healthz")).status).toBe(200);
  });
});

describe("answers", () => {
  it("carry headers that keep them out of caches, frames, scripts and referrers", async () => {
    const { call } = createMemoryCompanion();
    for (const path of ["/v1/config", "/v1/nothing", "/healthz"]) {
      const { headers } = await call("GET", path);
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("content-security-policy")).toBe("default-src 'none'; frame-ancestors 'none'");
    }
  });
});
