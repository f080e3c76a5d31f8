import { describe, expect, it } from "vitest";
import { findEndpointProblem, isPublicAddress, lookupPublic } from "./endpoint-host.ts";

const INTERNAL = [
  ..."0.0.0.0 10.0.0.1 10.255.255.255 100.64.0.1 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1".split(
    " ",
  ),
  ..."172.31.255.255 192.0.0.1 192.0.2.1 192.168.0.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1".split(
    " ",
  ),
  ..."240.0.0.1 255.255.255.255 :: ::1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:a9fe:a9fe ::127.0.0.1".split(
    " ",
  ),
  ..."64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 2002:7f00:1:: 2001:0:7f00:1:: fe80::1 fc00::1 fd00:ec2::254".split(
    " ",
  ),
  ..."ff02::1 2001:db8::1 100::1 ::7f00:1 64:ff9b:1::7f00:1 4000::1".split(" "),
];
const PUBLIC = ["1.1.1.1", "5.101.110.225", "172.32.0.1", "2606:4700::1111", "::ffff:1.1.1.1"];

const urlOf = (host: string) => `https://${host.includes(":") ? `[${host}]` : host}`;

describe("isPublicAddress", () => {
  it.each(INTERNAL)("refuses %s", (address) => {
    expect(isPublicAddress(address)).toBe(false);
    expect(findEndpointProblem(urlOf(address))).toBe("is an internal address");
  });

  it.each(PUBLIC)("takes %s", (address) => {
    expect(isPublicAddress(address)).toBe(true);
    expect(findEndpointProblem(urlOf(address))).toBeUndefined();
  });
});

describe("findEndpointProblem", () => {
  it.each([
    "2130706433",
    "0x7f.1",
    "0177.0.0.1",
    "127.1",
    "0x7f000001",
    "127.0.0.1.",
    "①②⑦.0.0.1",
    "[::ffff:127.0.0.1]",
  ])("sees through %s", (host) =>
    expect(findEndpointProblem(`https://${host}`)).toBe("is an internal address"),
  );

  it.each([
    "localhost",
    "LOCALHOST",
    "localhost.",
    "a.localhost",
    "minio",
    "nas.local",
    "metadata.google.internal",
  ])("refuses the name %s", (host) =>
    expect(findEndpointProblem(`https://${host}`)).toBe("is an internal name"),
  );

  it.each(["http://nyc3.digitaloceanspaces.com", "ftp://nyc3.digitaloceanspaces.com"])("refuses %s", (url) =>
    expect(findEndpointProblem(url)).toMatch(/^is not https/),
  );

  it.each(["nonsense", "https://user:word@s3.amazonaws.com"])("refuses %s", (url) =>
    expect(findEndpointProblem(url)).toBe("is not the URL of a store"),
  );

  it.each([
    "https://nyc3.digitaloceanspaces.com",
    "https://s3.eu-west-1.amazonaws.com",
    "https://ceph.example.com:8443",
  ])("takes %s", (url) => expect(findEndpointProblem(url)).toBeUndefined());
});

describe("lookupPublic", () => {
  const ask = (hostname: string, all: boolean) =>
    new Promise<unknown>((resolve) => {
      lookupPublic(hostname, { all }, (error, address) => resolve(error ?? address));
    });

  it.each([true, false])(
    "refuses a name that leads to this machine, whoever gave it (all: %s)",
    async (all) => {
      expect(await ask("localhost", all)).toMatchObject({ code: "INTERNAL_ADDRESS" });
    },
  );

  it("gives what it looked at, in the form that was asked for", async () => {
    expect(await ask("1.1.1.1", true)).toEqual([{ address: "1.1.1.1", family: 4 }]);
    expect(await ask("1.1.1.1", false)).toBe("1.1.1.1");
    expect(await ask("nowhere.invalid", false)).toMatchObject({
      code: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/),
    });
  });
});
