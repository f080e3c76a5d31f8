import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createStaticSite } from "./static-site.ts";

const STORE = "http://127.0.0.1:9000";
const stores = () => Promise.resolve([STORE]);
let root: string;
beforeAll(() => {
  root = join(mkdtempSync(join(tmpdir(), "site-")), "dist");
  mkdirSync(join(root, "assets"), { recursive: true });
  writeFileSync(join(root, "index.html"), "<title>Demo</title>");
  writeFileSync(join(root, "assets", "index-abc123.js"), "export {};");
  writeFileSync(join(root, "..", "secret.txt"), "secret");
});
afterAll(() => rmSync(join(root, ".."), { recursive: true }));

describe("the demo's files", () => {
  it("are cached for ever where the name has a hash, and never the page", async () => {
    const site = createStaticSite(root, stores);
    const script = await site.request("/assets/index-abc123.js");
    expect(script.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(script.headers.get("content-type")).toMatch(/^text\/javascript/);
    for (const path of ["/", "/files/1", "/index.html"]) {
      const page = await site.request(path);
      expect(page.headers.get("cache-control")).toBe("no-cache");
      expect(await page.text()).toContain("<title>Demo</title>");
    }
  });

  it("may talk to the store and run nothing from elsewhere", async () => {
    const policy =
      (await createStaticSite(root, stores).request("/")).headers.get("content-security-policy") ?? "";
    expect(policy).toContain(`connect-src 'self' ${STORE}`);
    expect(policy).toContain(`media-src 'self' blob: ${STORE}`);
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval';");
    expect(policy).not.toMatch(/'unsafe-/);
  });

  it("may talk to a store that was added while the server runs", async () => {
    const known = [STORE];
    const site = createStaticSite(root, () => Promise.resolve(known));
    const policyOf = async () => (await site.request("/")).headers.get("content-security-policy");
    expect(await policyOf()).not.toContain("https://other.example");
    known.push("https://other.example");
    expect(await policyOf()).toContain(`connect-src 'self' ${STORE} https://other.example;`);
    expect(await policyOf()).toContain(`media-src 'self' blob: ${STORE} https://other.example;`);
  });

  it("answer 404 for an asset that is not there, and nothing from outside the folder", async () => {
    const site = createStaticSite(root, stores);
    const absent = await site.request("/assets/gone.js");
    expect([absent.status, absent.headers.get("cache-control")]).toEqual([404, "no-store"]);
    for (const path of [
      "/../secret.txt",
      "/%2e%2e/secret.txt",
      "/..%2fsecret.txt",
      "/assets/..%2f..%2fsecret.txt",
    ])
      expect(await (await site.request(path)).text()).not.toBe("secret");
  });

  it("say how to build them where they are missing", async () => {
    const response = await createStaticSite(join(root, "nowhere"), stores).request("/");
    expect(response.status).toBe(503);
    expect(await response.text()).toContain("npm start");
  });
});
