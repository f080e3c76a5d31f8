import { wavBytes } from "@audiotricks/testing/audio";
import { beforeAll, describe, expect, it } from "vitest";
import { target } from "./target/about.ts";
import { ask, follow } from "./target/ask.ts";
import { newUser } from "./target/database.ts";
import { tokenOf } from "./target/sign-in.ts";
import { stateOf } from "./target/state.ts";
import { downloadUrl, store } from "./target/upload.ts";

const FOREIGN = [
  "null",
  "*",
  "https://evil.example",
  "http://app.example.com",
  "https://app.example.com.evil.example",
  "https://evil-app.example.com",
  "https://app.example.com:8443",
  "https://app.example.com/",
  "https://APP.example.com",
  "https://app.example.com@evil.example",
  "https://app.example.com, https://evil.example",
  "https://app-example.com",
  "file://",
  "javascript://app.example.com",
  "chrome-extension://app.example.com",
];

// Also: sign-in by a cookie, which hosts may choose and this server does not have, in [session-cookie.test.ts](packages/companion/src/session-cookie.test.ts).
describe("an unknown origin, or a request that somebody else's page makes", () => {
  let who: string;
  let fileId: string;
  beforeAll(async () => {
    who = await newUser();
    ({ id: fileId } = (await store(who, wavBytes(500), { name: "a.wav" })).file);
  });

  it("is not allowed to read an answer, of the server or of the store; the one that is allowed is named exactly", async () => {
    const url = await downloadUrl(who, fileId);
    for (const origin of [...FOREIGN, target.pageOrigin]) {
      const preflight = {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
      };
      const answers = [
        await ask(undefined, "OPTIONS", "/v1/uploads", { headers: preflight }),
        await ask(who, "GET", "/v1/files", { headers: { origin } }),
        await ask(undefined, "GET", "/v1/files", { headers: { origin } }),
        await ask(undefined, "GET", "/v1/nothing", { headers: { origin } }),
        await follow(url, "GET", { headers: { origin } }),
        await follow(url, "OPTIONS", { headers: { ...preflight, "access-control-request-method": "PUT" } }),
      ];
      for (const { headers } of answers) {
        const isAllowed = origin === target.pageOrigin;
        expect(headers["access-control-allow-origin"], origin).toBe(isAllowed ? origin : undefined);
        expect(headers["access-control-allow-credentials"]).toBeUndefined();
        // Of the store's answers only those to somebody who is allowed depend on it.
        if (isAllowed) expect(`${headers.vary}`.toLowerCase()).toContain("origin");
      }
      for (const { headers } of answers.slice(0, 4)) expect(`${headers.vary}`).toContain("Origin");
    }
  });

  it("changes nothing, even with a token that is good", async () => {
    const before = await stateOf([who]);
    const changes = [
      ["PATCH", `/v1/files/${fileId}`, { accessLevel: "public" }],
      ["DELETE", `/v1/files/${fileId}`, undefined],
      ["POST", `/v1/files/${fileId}/shares`, {}],
      ["POST", "/v1/uploads", { files: [{ clientId: "1", name: "a.wav", size: 50 }] }],
      ["POST", "/v1/s3-tokens", {}],
      ["GET", "/s3/params?filename=a.wav", undefined],
    ] as const;
    for (const [method, path, json] of changes) {
      for (const origin of FOREIGN)
        expect(
          (await ask(who, method, path, { json, headers: { origin } })).status,
          `${method} ${path} ${origin}`,
        ).toBe(403);
      const fromElsewhere = { "sec-fetch-site": "cross-site" };
      expect((await ask(who, method, path, { json, headers: fromElsewhere })).status).toBe(403);
    }
    expect(await stateOf([who])).toEqual(before);
  });

  it("is not signed in by a cookie, and no form of a page is taken for JSON", async () => {
    const before = await stateOf([who]);
    const token = await tokenOf(who);
    for (const cookie of [`__Host-session=${token}`, `token=${token}`, `authorization=Bearer ${token}`])
      expect((await ask(undefined, "GET", "/v1/files", { headers: { cookie } })).status).toBe(401);
    const body = JSON.stringify({ files: [{ clientId: "1", name: "a.wav", size: 50 }] });
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
      for (const path of ["/v1/uploads", "/v1/s3-tokens", `/v1/files/${fileId}/shares`]) {
        const answer = await ask(who, "POST", path, { body, headers: { "content-type": type } });
        // Where a body may be left out, another kind of body counts as none.
        if (path === "/v1/uploads") expect(answer.status, `${path} ${type}`).toBe(400);
        expect(answer.status).toBeLessThan(500);
      }
    const { sessions, files } = (await stateOf([who])) as { sessions: unknown; files: unknown };
    expect({ sessions, files }).toEqual({
      sessions: (before as { sessions: unknown }).sessions,
      files: (before as { files: unknown }).files,
    });
  });

  it("cannot frame an answer, nor have it kept by a cache or told in a referrer", async () => {
    for (const path of ["/v1/files", "/v1/nothing", "/openapi.json", `/v1/files/${fileId}/content`]) {
      const { headers } = await ask(who, "GET", path);
      expect(headers).toMatchObject({
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      });
      expect(headers["set-cookie"]).toBeUndefined();
    }
  });
});
