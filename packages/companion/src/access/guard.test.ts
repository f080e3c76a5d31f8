import { UploadError } from "@audiotricks/protocol";
import { ACCESS, type Access, type Action } from "@audiotricks/storage";
import { OpenAPIHono } from "@hono/zod-openapi";
import { describe, expect, it } from "vitest";
import { ALPHA, BETA, createMemoryCompanion, errorOf } from "../../test/memory-companion.ts";
import type { CompanionEnv } from "../companion-env.ts";
import { serviceToken } from "../service-token.ts";
import { checkRoutes } from "./check-routes.ts";

const SERVICE = "t".repeat(32);
const ID = "cccccccc-0000-4000-8000-000000000003";
const upload = { files: [{ clientId: "1", name: "a.mp3", size: 1 }] };
const from = (remoteAddress: string) => ({ incoming: { socket: { remoteAddress } } });

describe("the access table and the routes", () => {
  it("are the same, in any place", () => {
    expect(() => createMemoryCompanion()).not.toThrow();
    expect(() => createMemoryCompanion({ basePath: "/uploads/" })).not.toThrow();
  });

  it("end the start where a route is in no row, or a row has no route", () => {
    const { app } = createMemoryCompanion();
    expect(() => checkRoutes(app, "/")).not.toThrow();
    app.get("/v1/forgotten", (c) => c.text("everything"));
    expect(() => checkRoutes(app, "/")).toThrow("GET /v1/forgotten is not in the access table");
    const empty = new OpenAPIHono<CompanionEnv>();
    expect(() => checkRoutes(empty, "/")).toThrow("which is not served");
  });

  it("end the start where a route has no guard", () => {
    const open = new OpenAPIHono<CompanionEnv>();
    open.get("/v1/files", (c) => c.text("everything"));
    expect(() => checkRoutes(open, "/")).toThrow("GET /v1/files is not guarded as listFiles");
  });

  it.each(Object.entries(ACCESS) as [Action, Access][])(
    "let in whom the row of %s does",
    async (_, access) => {
      if (access.about === "nothing") return;
      const { call } = createMemoryCompanion({
        authenticateService: serviceToken({ service: "pipeline", tokens: [SERVICE] }),
        authenticate: async (request) => {
          const token = /^Bearer (\S+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
          if (token === "operator") return { userId: BETA, isOperator: true };
          return token === ALPHA ? { userId: ALPHA } : null;
        },
      });
      const [method = "", path = ""] = access.route.split(" ");
      const codeOf = async (user: string | null) => {
        const response = await call(method, path.replace(/\{\w+\}/g, ID), { user });
        return response.status < 400 ? "answered" : (await errorOf(response)).code;
      };
      const mayUsers = access.member !== "none";
      const isTurnedAway = (code: string) => code === "forbidden" || code === "unauthenticated";
      expect(await codeOf(null)).toBe("unauthenticated");
      expect(isTurnedAway(await codeOf(ALPHA))).toBe(!mayUsers);
      expect(isTurnedAway(await codeOf("operator"))).toBe(!mayUsers && access.operator === "none");
      expect(isTurnedAway(await codeOf(SERVICE))).toBe(access.service === "none");
    },
  );
});

describe("a principal", () => {
  it.each(["alpha", "", "auth0|1", `${ID}0`])(
    "that is %j and no id of ours is a fault of the host's",
    async (userId) => {
      const { call, storage, unexpected } = createMemoryCompanion({ authenticate: async () => ({ userId }) });
      expect((await errorOf(await call("POST", "/v1/s3-tokens"))).code).toBe("internal");
      expect(unexpected).toEqual([expect.objectContaining({ message: expect.stringContaining("UUID") })]);
      expect(storage.changes).toEqual([]);
    },
  );
});

describe("rate limits", () => {
  async function countAllowed(ask: () => Response | Promise<Response>, times: number) {
    let allowed = 0;
    for (let index = 0; index < times; index++) {
      const response = await ask();
      if (response.status === 200) {
        allowed++;
        continue;
      }
      expect(response.status).toBe(429);
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(Number(response.headers.get("retry-after"))).toBeLessThanOrEqual(60);
      const error = await errorOf(response);
      expect(error).toMatchObject({ code: "rate_limited", details: { retryAfterMs: expect.any(Number) } });
    }
    return allowed;
  }

  it("turn away whoever asks too often, before anything is done, and nobody else", async () => {
    const { call, storage } = createMemoryCompanion({ rateLimits: { callerReads: 5, callerWrites: 3 } });
    expect(await countAllowed(() => call("POST", "/v1/uploads", { json: upload }), 10)).toBe(3);
    expect(storage.changes).toEqual(["create", "create", "create"]);
    expect(await countAllowed(() => call("GET", "/v1/quota"), 10)).toBe(5);
    expect((await call("POST", "/v1/uploads", { json: upload, user: BETA })).status).toBe(200);
    expect((await call("GET", "/v1/quota", { user: BETA })).status).toBe(200);
    expect((await call("GET", "/healthz")).status).toBe(200);
  });

  it("count one address for all that come from it, before anybody is asked who it is", async () => {
    let asked = 0;
    const { app } = createMemoryCompanion({
      rateLimits: { addressRequests: 4 },
      authenticate: async () => {
        asked++;
        throw new UploadError("unauthenticated", "no");
      },
    });
    const ask = async (address: string) => (await app.request("/v1/quota", {}, from(address))).status;
    const statuses: number[] = [];
    for (const host of [1, 2, 3, 4, 5, 6]) statuses.push(await ask(`2001:db8::${host}`));
    expect(statuses).toEqual([401, 401, 401, 401, 429, 429]);
    expect(asked).toBe(4);
    expect(await ask("2001:db8:0:1::1")).toBe(401);
  });

  it("count share links that an address follows, good or not, apart from what others follow", async () => {
    const { app } = createMemoryCompanion({ rateLimits: { addressShares: 3 } });
    const follow = async (address: string) =>
      (await app.request(`/s/${"a".repeat(43)}`, {}, from(address))).status;
    const statuses: number[] = [];
    for (const host of [1, 2, 3, 4]) statuses.push(await follow(`2001:db8::${host}`));
    expect(statuses).toEqual([404, 404, 404, 429]);
    expect(await follow("192.0.2.1")).toBe(404);
  });

  it("count writes of an address for all its users together", async () => {
    const { app, storage } = createMemoryCompanion({ rateLimits: { addressWrites: 4 } });
    const users = Array.from({ length: 8 }, () => crypto.randomUUID());
    const statuses: number[] = [];
    for (const user of users) {
      const headers = { authorization: `Bearer ${user}` };
      statuses.push(
        (await app.request("/v1/s3-tokens", { method: "POST", headers }, from("192.0.2.1"))).status,
      );
    }
    expect(statuses).toEqual([200, 200, 200, 200, 429, 429, 429, 429]);
    expect(storage.changes).toHaveLength(4);
  });

  it("are off where the host has its own", async () => {
    const { call } = createMemoryCompanion({ rateLimits: false });
    expect(await countAllowed(() => call("GET", "/v1/quota"), 50)).toBe(50);
    const { call: unlimited } = createMemoryCompanion({ rateLimits: { callerReads: 0, callerWrites: 0 } });
    expect(await countAllowed(() => unlimited("POST", "/v1/uploads", { json: upload }), 20)).toBe(20);
  });
});

describe("the audit trail", () => {
  it("has who did what, from where, and with what outcome", async () => {
    const { app, storage, call } = createMemoryCompanion({ trustedProxies: ["10.0.0.0/8"] });
    const headers = {
      authorization: `Bearer ${ALPHA}`,
      "content-type": "application/json",
      "x-forwarded-for": "203.0.113.9",
      "x-request-id": "abc-1",
    };
    const body = JSON.stringify({ files: [upload.files[0], { clientId: "2", name: "b.mp3", size: 0 }] });
    const created = await app.request("/v1/uploads", { method: "POST", headers, body }, from("10.0.0.1"));
    const { results } = (await created.json()) as {
      results: [{ session: { sessionId: string; fileId: string } }];
    };
    const who = {
      caller: { userId: ALPHA },
      address: "203.0.113.9",
      requestId: "abc-1",
      action: "createUploads",
    };
    const { sessionId, fileId } = results[0].session;
    expect(storage.audited).toEqual([
      { ...who, resourceId: sessionId, outcome: "done" },
      { ...who, resourceId: undefined, outcome: "file_empty" },
    ]);

    storage.audited.length = 0;
    await call("POST", `/v1/uploads/${sessionId}/complete`);
    await call("POST", `/v1/files/${fileId}/download`);
    await call("GET", `/v1/files/${fileId}`);
    await call("GET", "/v1/files");
    await call("POST", `/v1/files/${fileId}/download`, { user: BETA });
    await call("GET", `/v1/files/${fileId}`, { user: BETA });
    await call("GET", "/v1/admin/audit", { user: BETA });
    await call("GET", "/v1/files", { user: null });
    await call("PATCH", `/v1/files/${fileId}`, { json: { name: "" } });
    await call("GET", "/v1/nothing");
    expect(
      storage.audited.map(({ action, caller, resourceId, outcome }) => [action, caller, resourceId, outcome]),
    ).toEqual([
      ["completeUpload", { userId: ALPHA }, sessionId, "done"],
      ["downloadFile", { userId: ALPHA }, fileId, "done"],
      ["downloadFile", { userId: BETA }, fileId, "file_not_found"],
      ["getFile", { userId: BETA }, fileId, "file_not_found"],
      ["listAudit", { userId: BETA }, undefined, "forbidden"],
      ["listFiles", undefined, undefined, "unauthenticated"],
    ]);
  });

  it("has what came to nothing, and what was turned away", async () => {
    const { call, storage } = createMemoryCompanion({ rateLimits: { callerWrites: 2 } });
    storage.failWith(new UploadError("storage_unavailable", "away"));
    await call("DELETE", `/v1/files/${ID}`);
    storage.failWith(new Error("a fault of ours"));
    await call("DELETE", `/v1/files/${ID}`);
    await call("DELETE", `/v1/files/${ID}`);
    expect(storage.audited.map(({ resourceId, outcome }) => [resourceId, outcome])).toEqual([
      [ID, "storage_unavailable"],
      [ID, "internal"],
      [undefined, "rate_limited"],
    ]);
  });
});
