import { describe, expect, it } from "vitest";
import { ALPHA, createMemoryCompanion, errorOf, ORIGIN } from "../test/memory-companion.ts";
import { sessionCookie } from "./session-cookie.ts";

const OWN = "https://uploads.example.com";
const cookie = sessionCookie({
  origins: [OWN],
  findSession: async (token) => (token === "t1" ? { userId: ALPHA } : null),
});

function open() {
  const companion = createMemoryCompanion({ authenticate: cookie.authenticate, publicUrl: OWN });
  const ask = (method: string, path: string, headers: Record<string, string>) =>
    companion.call(method, path, { user: null, headers });
  return { ...companion, ask };
}

describe("sessionCookie", () => {
  it("signs in by the host's session, and by nothing else that is sent as one", async () => {
    const { ask } = open();
    const statusOf = async (header: string) => (await ask("GET", "/v1/quota", { cookie: header })).status;
    expect(await statusOf("__Host-session=t1")).toBe(200);
    expect(await statusOf("a=b; __Host-session=t1; c=d")).toBe(200);
    for (const header of [
      "",
      "session=t1",
      "__Host-session=",
      "__Host-session=t2",
      "__Host-Session=t1",
      "__host-session=t1",
      "__Secure-session=t1",
      "x__Host-session=t1",
      "__Host-session=t1; __Host-session=t2",
      "__Host-session=t2; __Host-session=t1",
      `__Host-session=${"t1".repeat(4000)}`,
    ])
      expect(await statusOf(header), header).toBe(401);
  });

  it("lets pages of its own origins change something, and no others, however they ask", async () => {
    const { ask, storage } = open();
    const signedIn = { cookie: "__Host-session=t1" };
    for (const [method, path] of [
      ["POST", "/v1/s3-tokens"],
      ["GET", "/s3/params?filename=a.mp3"],
    ] as const) {
      for (const headers of [
        {},
        { origin: "null" },
        { origin: "https://evil.example" },
        { origin: `${OWN}.evil.example` },
        { origin: "http://uploads.example.com" },
        // Allowed to call with a token of its own; not to ride on somebody's cookie.
        { origin: ORIGIN },
        { "sec-fetch-site": "same-site" },
        { "sec-fetch-site": "none" },
        { "sec-fetch-site": "cross-site" },
      ] as Record<string, string>[]) {
        const refused = await ask(method, path, { ...signedIn, ...headers });
        expect((await errorOf(refused)).code, JSON.stringify(headers)).toBe("forbidden");
      }
      expect(storage.changes).toEqual([]);
      expect((await ask(method, path, { ...signedIn, origin: OWN })).status).toBe(200);
      expect((await ask(method, path, { ...signedIn, "sec-fetch-site": "same-origin" })).status).toBe(200);
      storage.changes.length = 0;
    }
    // A link from elsewhere may be followed.
    expect((await ask("GET", "/v1/files", { ...signedIn, "sec-fetch-site": "cross-site" })).status).toBe(200);
  });

  it("is set for this host alone, over TLS, out of reach of scripts and of other sites", () => {
    expect(cookie.set("t1", { maxAgeSeconds: 60 })).toBe(
      "__Host-session=t1; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Lax",
    );
    expect(cookie.clear()).toMatch(/^__Host-session=; Max-Age=0; Path=\/; .*Secure/);
    const strict = sessionCookie({ origins: [OWN], sameSite: "Strict", findSession: async () => null });
    expect(strict.set("x; Domain=evil.example", { maxAgeSeconds: 1 })).toMatch(
      /^__Host-session=x%3B%20Domain%3Devil\.example; .*SameSite=Strict$/,
    );
  });

  it.each([
    { name: "session" },
    { name: "__Host-" },
    { name: "__Host-a b" },
    { name: "__Secure-session" },
    { origins: ["*"] },
    { origins: ["https://app.example.com/"] },
  ])("refuses a set-up that is unsafe: %j", (options) => {
    expect(() => sessionCookie({ origins: [OWN], findSession: async () => null, ...options })).toThrow(
      TypeError,
    );
  });
});
