import { expect, it } from "vitest";
import { originOf, StoreHosts } from "./store-hosts.ts";

it("gives a host up that was never reached while another was", () => {
  const hosts = new StoreHosts();
  hosts.failed("https://a");
  hosts.failed("https://a");
  hosts.failed("https://b");
  expect(hosts.outOfReach()).toEqual([]);
  hosts.reached("https://b");
  expect(hosts.outOfReach()).toEqual(["https://a"]);
  expect(hosts.isOutOfReach("https://b")).toBe(false);
});

it("keeps a host that was reached before, however often it fails now", () => {
  const hosts = new StoreHosts();
  hosts.reached("https://a");
  hosts.reached("https://b");
  for (let n = 0; n < 9; n += 1) hosts.failed("https://a");
  expect(hosts.outOfReach()).toEqual([]);
});

it("takes a host back that was reached after all", () => {
  const hosts = new StoreHosts();
  hosts.reached("https://b");
  hosts.failed("https://a");
  hosts.failed("https://a");
  hosts.reached("https://a");
  expect(hosts.outOfReach()).toEqual([]);
});

it("knows origins", () => {
  expect(originOf("https://b.example:8443/key?x=/y")).toBe("https://b.example:8443");
  expect(originOf("http://127.0.0.1?x")).toBe("http://127.0.0.1");
  expect(originOf("id-3")).toBe("");
});
