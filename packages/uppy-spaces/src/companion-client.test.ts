import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { UploadError } from "@audiotricks/protocol";
import { afterEach, describe, expect, it } from "vitest";
import type { CompanionClientOptions } from "./companion-call.ts";
import { createCompanionClient } from "./companion-client.ts";

interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  body: string;
}

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function listen(
  answer: (seen: Seen, response: ServerResponse) => void,
  options: Partial<CompanionClientOptions> = {},
) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => (body += String(piece)));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const one = { method, url, headers, body };
      seen.push(one);
      answer(one, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const client = createCompanionClient({ companionUrl: `http://127.0.0.1:${port}/base/`, ...options });
  return { client, seen };
}
const json = (response: ServerResponse, status: number, body: unknown, headers = {}) =>
  void response
    .writeHead(status, { "content-type": "application/json", ...headers })
    .end(JSON.stringify(body));
const failure = async (promise: Promise<unknown>): Promise<UploadError> => {
  const error = await promise.catch((reason: unknown) => reason);
  if (!(error instanceof UploadError)) throw new Error(`expected an UploadError, got ${String(error)}`);
  return error;
};

describe("createCompanionClient", () => {
  it("makes, lists and ends links, and takes an answer without a word for done", async () => {
    const { client, seen } = await listen(({ method }, response) =>
      method === "DELETE" ? void response.writeHead(204).end() : json(response, 200, { shares: [] }),
    );
    await client.createShare("f/1", { expiresIn: 60, maxDownloads: 2 });
    expect(await client.listShares("f")).toEqual({ shares: [] });
    expect(await client.revokeShare("f", "s/1")).toBeUndefined();
    expect(await client.endShares("f")).toBeUndefined();
    expect(seen.map(({ method, url, body }) => `${method} ${url} ${body}`.trim())).toEqual([
      'POST /base/v1/files/f%2F1/shares {"expiresIn":60,"maxDownloads":2}',
      "GET /base/v1/files/f/shares",
      "DELETE /base/v1/files/f/shares/s%2F1",
      "DELETE /base/v1/files/f/shares",
    ]);
  });

  it("calls the companion's routes", async () => {
    const { client, seen } = await listen((_, response) => json(response, 200, {}));
    await client.config();
    await client.quota({ workspaceId: "w 1" });
    await client.createUploads({ files: [] }, { idempotencyKey: "k1" });
    await client.listUploads();
    await client.getUpload("a/b");
    await client.signParts("s", { partNumbers: [1] });
    await client.completeUpload("s");
    await client.completeUploads({ uploads: [] });
    await client.cancelUpload("s");
    await client.listFiles({ limit: 5, cursor: undefined });
    await client.getFile("f");
    await client.updateFile("f", { name: "n" });
    await client.deleteFile("f");
    await client.createDownload("f", { disposition: "inline" });
    expect(seen.map(({ method, url, body }) => `${method} ${url} ${body}`.trim())).toEqual([
      "GET /base/v1/config",
      "GET /base/v1/quota?workspaceId=w+1",
      'POST /base/v1/uploads {"files":[]}',
      "GET /base/v1/uploads?state=open",
      "GET /base/v1/uploads/a%2Fb",
      'POST /base/v1/uploads/s/parts/sign {"partNumbers":[1]}',
      "POST /base/v1/uploads/s/complete {}",
      'POST /base/v1/uploads/complete {"uploads":[]}',
      "DELETE /base/v1/uploads/s",
      "GET /base/v1/files?limit=5",
      "GET /base/v1/files/f",
      'PATCH /base/v1/files/f {"name":"n"}',
      "DELETE /base/v1/files/f",
      'POST /base/v1/files/f/download {"disposition":"inline"}',
    ]);
    expect(seen[2]?.headers["idempotency-key"]).toBe("k1");
    expect(seen[0]?.headers.authorization).toBeUndefined();
    expect(client.urlOf("/v1/files/f/content")).toMatch(/^http:.*\/base\/v1\/files\/f\/content$/);
    expect(client.urlOf("https://cdn/x")).toBe("https://cdn/x");
  });

  it("asks for the token once, and once more after a refusal, however many calls were refused", async () => {
    let asked = 0;
    let valid = "t1";
    const { client, seen } = await listen(
      ({ headers }, response) =>
        headers.authorization === `Bearer ${valid}`
          ? json(response, 200, {})
          : json(response, 401, { error: { code: "unauthenticated", message: "Sign in" } }),
      {
        getToken: async () => {
          asked += 1;
          await new Promise((resolve) => setTimeout(resolve, 20));
          return `t${asked}`;
        },
      },
    );
    await Promise.all([client.config(), client.config(), client.config()]);
    expect(asked).toBe(1);
    valid = "t2";
    await Promise.all([client.config(), client.config(), client.config()]);
    expect(asked).toBe(2);
    expect(seen).toHaveLength(9);
    valid = "another";
    expect((await failure(client.config())).code).toBe("unauthenticated");
    expect(asked).toBe(3);
  });

  it("passes on the companion's own error, with its numbers", async () => {
    const details = { available: 5 };
    const { client } = await listen((_, response) =>
      json(response, 422, { error: { code: "quota_exceeded", message: "Too much", details } }),
    );
    const error = await failure(client.config());
    expect(error).toMatchObject({ code: "quota_exceeded", message: "Too much", details, retryable: false });
  });

  it("brings along how long the companion wants to be left alone", async () => {
    const { client } = await listen((_, response) =>
      json(response, 503, { error: { code: "database_unavailable", message: "x" } }, { "retry-after": "7" }),
    );
    expect((await failure(client.config())).details).toEqual({ retryAfterMs: 7000 });
  });

  it.each([
    [401, "<html>", "unauthenticated"],
    [403, "", "forbidden"],
    [404, "nginx", "route_not_found"],
    [413, "", "body_too_large"],
    [429, "", "rate_limited"],
    [502, "<html>bad gateway", "internal"],
    [500, '{"error":{"code":"no_such_code","message":"x"}}', "internal"],
    [200, "<html>a captive portal", "route_not_found"],
    [200, "null", "route_not_found"],
  ])("makes sense of %i %s", async (status, body, code) => {
    const { client } = await listen((_, response) => void response.writeHead(status).end(body));
    expect((await failure(client.config())).code).toBe(code);
  });

  it("tells a companion that is away, or cut off, or silent, from one that refuses", async () => {
    const cutOff = await listen((_, response) => void response.socket?.destroy());
    const silent = await listen(() => {}, { timeoutMs: 50 });
    const half = await listen((_, response) => {
      response.writeHead(200, { "content-length": "100" }).write("{");
      setTimeout(() => response.socket?.destroy(), 10);
    });
    const away = createCompanionClient({ companionUrl: "http://127.0.0.1:1" });
    const noToken = createCompanionClient({
      companionUrl: "",
      getToken: () => Promise.reject(new Error("the host's sign-in is away")),
    });
    for (const client of [cutOff.client, silent.client, half.client, away, noToken]) {
      const error = await failure(client.config());
      expect(error).toMatchObject({ code: "internal", retryable: true, details: { reason: "unreachable" } });
    }
  });

  it("rejects with the caller's own reason when aborted", async () => {
    const { client } = await listen(() => {});
    const controller = new AbortController();
    const pending = client.config({ signal: controller.signal });
    setTimeout(() => controller.abort("enough"), 20);
    await expect(pending).rejects.toBe("enough");
  });
});
