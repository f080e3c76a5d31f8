import { describe, expect, it } from "vitest";
import { BrowserProfile, sourceOf } from "../../test/support/browser-profile.ts";
import { MEMORY_PREFIX } from "../page-memory.ts";
import { fingerprintKey } from "./session-store.ts";
import { fingerprintOf } from "./upload-source.ts";

const MiB = 1024 * 1024;
const SIZE = 100 * MiB;

/** Two tabs, the first of which is in the middle of a file. */
async function openTwo({ content = "a", size = SIZE } = {}) {
  const first = new BrowserProfile();
  const second = new BrowserProfile(first.browser);
  first.add("a", size, content);
  await first.until(() => first.cloud.acknowledged.size >= 4);
  return { first, second, cloud: first.cloud };
}

const last = (tab: BrowserProfile) => tab.statuses.get("a")?.at(-1);
const fileOf = (tab: BrowserProfile) => {
  const status = last(tab);
  return status?.status === "done" ? status.file.id : undefined;
};
const isElsewhere = (tab: BrowserProfile) => () => {
  const status = last(tab);
  return status?.status === "waiting" && status.reason === "elsewhere";
};
const isDone = (tab: BrowserProfile) => () => tab.last("a") === "done";

describe("one file in two tabs", () => {
  it("is sent by the first, shown by the second, and one file in the end", async () => {
    const size = 600 * MiB;
    const { first, second, cloud } = await openTwo({ size });
    second.add("a", size);
    await second.until(isElsewhere(second));
    await second.until(isDone(first));
    const sent = cloud.accepted.length;
    await second.until(isDone(second));
    expect(fileOf(second)).toBe(fileOf(first));
    expect([cloud.completions, cloud.sessions.size, sent, cloud.accepted.length]).toEqual([1, 1, 120, 120]);
    const shown = second.statuses.get("a")?.filter((status) => status.status === "waiting") ?? [];
    expect(new Set(shown.map(({ progress }) => progress.sentBytes)).size).toBeGreaterThan(1);
    expect(second.problems).toEqual([]);
    expect(second.statuses.get("a")?.some(({ status }) => status === "uploading")).toBe(false);
  });

  it("is one file also where both tabs begin at once", async () => {
    const first = new BrowserProfile();
    const second = new BrowserProfile(first.browser);
    first.add("a", SIZE);
    second.add("a", SIZE);
    await first.until(() => isDone(first)() && isDone(second)());
    expect([first.cloud.completions, first.cloud.sessions.size]).toEqual([1, 1]);
    expect(fileOf(second)).toBe(fileOf(first));
    expect(first.cloud.doubled).toEqual([]);
  });

  it.each(["closed", "crashed"])("goes on in the second when the first is %s", async (how) => {
    const { first, second, cloud } = await openTwo();
    second.add("a", SIZE);
    await second.until(isElsewhere(second));
    const before = cloud.acknowledged.size;
    if (how === "closed") first.engine.close();
    first.kill();
    await second.until(isDone(second));
    expect([cloud.completions, cloud.sessions.size, cloud.needless]).toEqual([1, 1, []]);
    expect(cloud.accepted.length).toBeLessThanOrEqual(20 + 4);
    expect(before).toBeGreaterThanOrEqual(4);
    expect(second.problems).toEqual([]);
  });

  it("is one file where the first dies, comes back, and is through before the second has looked again", async () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const first = new BrowserProfile({ seed });
      const second = new BrowserProfile(first.browser);
      first.add("a", 1000);
      second.add("a", 1000);
      await first.until(() => first.last("a") === "uploading");
      first.crash();
      first.add("a", 1000);
      await first.until(() => isDone(first)() && isDone(second)());
      expect([seed, first.cloud.completions]).toEqual([seed, 1]);
    }
  });

  it("stands still while the first is paused, and says so", async () => {
    const { first, second, cloud } = await openTwo();
    second.add("a", SIZE);
    first.engine.pause("a");
    await second.until(() => {
      const status = last(second);
      return status?.status === "waiting" && status.reason === "elsewhere" && status.other === "paused";
    });
    // What was in flight may still arrive.
    await second.clock.advance(1000);
    const { length } = cloud.accepted;
    await second.clock.advance(600_000);
    expect([isElsewhere(second)(), cloud.accepted.length]).toEqual([true, length]);
    first.engine.resume("a");
    await second.until(isDone(second));
    expect(cloud.completions).toBe(1);
  });

  it("begins anew in the second when it is cancelled in the first", async () => {
    const { first, second, cloud } = await openTwo();
    second.add("a", SIZE);
    await second.until(isElsewhere(second));
    first.engine.cancel("a");
    await second.until(isDone(second));
    const states = [...cloud.sessions.values()].map(({ state }) => state);
    expect(states).toEqual(["aborted", "completed"]);
  });

  it("stays in the first when the second is cancelled or closed", async () => {
    const { first, second, cloud } = await openTwo();
    second.add("a", SIZE);
    await second.until(isElsewhere(second));
    second.engine.cancel("a");
    expect(second.last("a")).toBe("cancelled");
    second.add("a", SIZE);
    await second.until(isElsewhere(second));
    second.engine.close();
    await first.until(isDone(first));
    expect([cloud.completions, cloud.sessions.size]).toEqual([1, 1]);
  });

  it("are two where they only look alike, and neither waits for the other", async () => {
    const { first, second, cloud } = await openTwo({ content: "one" });
    first.engine.pause("a");
    second.add("a", SIZE, "another");
    await second.until(isDone(second));
    first.engine.resume("a");
    await first.until(isDone(first));
    const contents = [...cloud.sessions.values()].map(({ state, content }) => [state, content]);
    expect(contents).toEqual([
      ["completed", "one"],
      ["completed", "another"],
    ]);
  });

  it("does not wait for a session that the companion does not know as this user's", async () => {
    const { first, second, cloud } = await openTwo();
    first.engine.pause("a");
    // Somebody else is signed in in that tab.
    const [session] = cloud.sessions.values();
    if (session === undefined) throw new Error("no session");
    cloud.sessions.delete(session.sessionId);
    second.add("a", SIZE);
    await second.until(isDone(second));
    expect(isElsewhere(first)()).toBe(false);
  });

  it("is not held back for ever by a tab that holds it and says nothing", async () => {
    const { browser } = new BrowserProfile();
    const tab = new BrowserProfile(browser);
    const key = fingerprintKey(fingerprintOf(sourceOf("a", SIZE)));
    const scope = `${MEMORY_PREFIX}${encodeURIComponent("https://companion")}`;
    const mute = browser.locks.of(new AbortController().signal);
    void mute.request(`${scope}/file/${key}/mute`, () => new Promise(() => {}));
    tab.add("a", SIZE);
    await tab.clock.advance(14_000);
    expect(tab.cloud.accepted).toEqual([]);
    await tab.until(isDone(tab));
  });

  it("is shared in a drop of many: each file is sent by one of the tabs, and done in both", async () => {
    const first = new BrowserProfile();
    const second = new BrowserProfile(first.browser);
    for (let index = 0; index < 300; index += 1) first.add(`f${index}`, 1000);
    for (let index = 299; index >= 0; index -= 1) second.add(`f${index}`, 1000);
    const areDone = (tab: BrowserProfile) =>
      tab.statuses.size === 300 && [...tab.statuses.values()].every((all) => all.at(-1)?.status === "done");
    await first.until(() => areDone(first) && areDone(second));
    expect([first.cloud.completions, first.cloud.accepted.length]).toEqual([300, 300]);
  });
});
