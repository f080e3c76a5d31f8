import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { StoreHosts } from "./store-hosts.ts";
import { UrlWindow } from "./url-window.ts";

const url = (partNumber: number, expiresIn = 900) => ({
  partNumber,
  url: `https://store/${partNumber}`,
  headers: {},
  size: 1,
  expiresIn,
});

describe("UrlWindow", () => {
  it("uses a URL for the first half of its life, counted from when it was asked for", async () => {
    const clock = new VirtualClock();
    const window = new UrlWindow(clock, new StoreHosts());
    const askedAt = clock.now();
    await clock.advance(60_000);
    window.add([url(1)], askedAt);
    await clock.advance(389_999);
    expect(window.find(1)?.url).toBe("https://store/1");
    await clock.advance(1);
    expect(window.find(1)).toBeNull();
  });

  it("does not give out a URL that was dropped", () => {
    const window = new UrlWindow(new VirtualClock(), new StoreHosts());
    window.add([url(1), url(2)], 0);
    window.drop(1);
    expect([window.find(1), window.find(2)?.partNumber]).toEqual([null, 2]);
  });

  it("gives out no URL of a host that cannot be reached", () => {
    const hosts = new StoreHosts();
    const window = new UrlWindow(new VirtualClock(), hosts);
    window.add([url(1), { ...url(2), url: "https://other/2" }], 0);
    hosts.reached("https://other");
    for (let n = 0; n < 2; n += 1) hosts.failed("https://store");
    expect([window.find(1), window.find(2)?.origin]).toEqual([null, "https://other"]);
    expect(window.toSign([1, 2], { ahead: 4, most: 50 })).toEqual([1]);
  });

  it("gives out a URL of a host that cannot be reached where the bucket has no other, and asks for none in its place", () => {
    const hosts = new StoreHosts();
    const window = new UrlWindow(new VirtualClock(), hosts);
    hosts.reached("https://other-bucket");
    for (let n = 0; n < 2; n += 1) hosts.failed("https://store");
    window.add([url(1)], 0, hosts.outOfReach());
    expect(window.find(1)?.url).toBe("https://store/1");
    expect(window.toSign([1], { ahead: 4, most: 50 })).toEqual([]);
  });

  it("asks for more only when the next parts run short, then for as many as one call may have", () => {
    const window = new UrlWindow(new VirtualClock(), new StoreHosts());
    const todo = Array.from({ length: 103 }, (_, index) => index + 1);
    expect(window.toSign(todo, { ahead: 4, most: 50 })).toEqual(todo.slice(0, 50));
    window.add(
      todo.slice(0, 100).map((part) => url(part)),
      0,
    );
    expect(window.toSign(todo, { ahead: 4, most: 50 })).toEqual([]);
    expect(window.toSign(todo.slice(96), { ahead: 4, most: 50 })).toEqual([]);
    expect(window.toSign(todo.slice(97), { ahead: 4, most: 50 })).toEqual([101, 102, 103]);
    expect(window.toSign([], { ahead: 4, most: 50 })).toEqual([]);
  });
});
