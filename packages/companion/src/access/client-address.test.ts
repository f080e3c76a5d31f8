import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import type { CompanionEnv } from "../companion-env.ts";
import { clientAddress, networkOf } from "./client-address.ts";

/** What is told of a connection from `remoteAddress` whose headers say `forwarded`. */
async function addressOf(trusted: string[], remoteAddress: string | undefined, forwarded?: string) {
  const find = clientAddress(trusted);
  const app = new Hono<CompanionEnv>().get("/", (c) => c.json(find(c) ?? null));
  const headers = new Headers(forwarded === undefined ? {} : { "x-forwarded-for": forwarded });
  const response = await app.request("/", { headers }, { incoming: { socket: { remoteAddress } } });
  return (await response.json()) as string | null;
}

describe("the address of a client", () => {
  it.each<[string, string[], string | undefined, string | undefined, string | null]>([
    ["is the connection's", [], "192.0.2.1", undefined, "192.0.2.1"],
    ["is not what anybody says", [], "192.0.2.1", "203.0.113.9", "192.0.2.1"],
    ["is not what one says who is no proxy of ours", ["10.0.0.0/8"], "192.0.2.1", "203.0.113.9", "192.0.2.1"],
    ["is what the proxy saw", ["10.0.0.0/8"], "10.1.2.3", "203.0.113.9", "203.0.113.9"],
    [
      "is what the outermost proxy saw, not what it was told",
      ["10.0.0.0/8"],
      "10.1.2.3",
      "1.1.1.1, 203.0.113.9, 10.9.9.9",
      "203.0.113.9",
    ],
    ["is the proxy's where it says nothing", ["10.0.0.0/8"], "10.1.2.3", undefined, "10.1.2.3"],
    ["is the proxy's where it says no address", ["10.0.0.0/8"], "10.1.2.3", "1.1.1.1, unknown", "10.1.2.3"],
    ["is the last one where all are ours", ["10.0.0.0/8"], "10.1.2.3", "10.0.0.7", "10.0.0.7"],
    ["is IPv4 in IPv6's clothes", ["10.0.0.0/8"], "::ffff:10.1.2.3", "::ffff:203.0.113.9", "203.0.113.9"],
    ["is IPv6", ["fd00::/8"], "fd00::1", "[2001:DB8::7]", "2001:db8::7"],
    ["is nothing where the server does not say", ["10.0.0.0/8"], undefined, "203.0.113.9", null],
    ["is nothing on a socket file", [], "", undefined, null],
  ])("%s", async (_, trusted, remote, forwarded, expected) => {
    expect(await addressOf(trusted, remote, forwarded)).toBe(expected);
  });

  it.each(["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "proxy.example", "", "10.0.0.0/a", "::/129"])(
    "trusts no %j",
    (proxy) => {
      expect(() => clientAddress([proxy])).toThrow(TypeError);
    },
  );

  it("counts by what one subscriber has", () => {
    expect(networkOf("192.0.2.1")).toBe("192.0.2.1");
    const same = [
      "2001:db8:0:7::1",
      "2001:db8:0:7:ffff:ffff:ffff:ffff",
      "2001:0db8:0000:0007::",
      "2001:db8:0:7::a%eth0",
    ];
    expect(new Set(same.map(networkOf))).toEqual(new Set(["2001:db8:0:7::/64"]));
    expect(networkOf("::1")).toBe("0:0:0:0::/64");
    expect(networkOf("2001:db8::")).toBe("2001:db8:0:0::/64");
    expect(networkOf("2001:db8:0:8::1")).not.toBe(networkOf("2001:db8:0:7::1"));
  });
});
