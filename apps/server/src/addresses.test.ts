import { expect, it } from "vitest";
import { pageOrigins, publicUrl, storeOrigins } from "./addresses.ts";

const config = { host: "127.0.0.1", publicUrl: undefined, allowedOrigins: [] };

it("lets pages send from every name that people use for this machine, and from those that are allowed", () => {
  expect(publicUrl(config, 3000)).toBe("http://127.0.0.1:3000");
  expect(pageOrigins(config, 3000)).toEqual(["http://127.0.0.1:3000", "http://localhost:3000"]);
  expect(pageOrigins({ ...config, host: "localhost" }, 3000)).toEqual([
    "http://localhost:3000",
    "http://127.0.0.1:3000",
  ]);
  expect(pageOrigins(config, 80)).toEqual(["http://127.0.0.1", "http://localhost"]);
  expect(publicUrl({ ...config, host: "0.0.0.0" }, 80)).toBe("http://127.0.0.1:80");
  expect(
    pageOrigins({ ...config, publicUrl: "https://u.example", allowedOrigins: ["https://a.example"] }, 3000),
  ).toEqual(["https://u.example", "https://a.example"]);
});

it("knows both styles of a bucket's address, and its CDN", () => {
  const spaces = { region: "r", bucket: "b", accessKeyId: "k", secretAccessKey: "s" };
  expect(storeOrigins({ ...spaces, endpoint: "http://127.0.0.1:9000" })).toEqual(["http://127.0.0.1:9000"]);
  expect(
    storeOrigins({
      ...spaces,
      endpoint: "https://fra1.digitaloceanspaces.com",
      cdnEndpoint: "https://b.fra1.cdn.digitaloceanspaces.com",
    }),
  ).toEqual([
    "https://fra1.digitaloceanspaces.com",
    "https://b.fra1.digitaloceanspaces.com",
    "https://b.fra1.cdn.digitaloceanspaces.com",
  ]);
});
