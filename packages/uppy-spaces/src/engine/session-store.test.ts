import { describe, expect, it } from "vitest";
import { createSessionStore, type Fingerprint, type KeyValueStore } from "./session-store.ts";

const fingerprint: Fingerprint = {
  name: "a / ü.wav",
  size: 5,
  type: "audio/wav",
  lastModified: 1,
  relativePath: null,
  workspaceId: null,
};

const open = (values: KeyValueStore, url = "https://c", locks: LockManager | null = null) =>
  createSessionStore(url, values, locks);

describe("createSessionStore", () => {
  it("finds a session for the same file in the next page, and for no other", async () => {
    const values = new Map<string, string>();
    open(values).remember(fingerprint, "s1");
    for (const other of [
      { name: "b" },
      { size: 6 },
      { lastModified: 2 },
      { type: "" },
      { relativePath: "x" },
    ])
      expect(await open(values).claim({ ...fingerprint, ...other })).toBeNull();
    expect(await open(values).claim({ ...fingerprint, workspaceId: "w" })).toBeNull();
    expect(await open(values, "https://d").claim(fingerprint)).toBeNull();
    expect(await open(values).claim(fingerprint)).toBe("s1");
  });

  it("never gives one session to two files that look alike", async () => {
    const store = open(new Map<string, string>());
    store.remember(fingerprint, "s1");
    expect(await Promise.all([store.claim(fingerprint), store.claim(fingerprint)])).toEqual(["s1", null]);
    store.release("s1");
    expect(await store.claim(fingerprint)).toBe("s1");
  });

  it("remembers several sessions of files that look alike", async () => {
    const store = open(new Map<string, string>());
    store.remember(fingerprint, "s1");
    store.remember(fingerprint, "s2");
    store.hold("s2");
    expect(await store.claim(fingerprint)).toBe("s1");
    expect(await store.claim(fingerprint)).toBeNull();
    store.forget(fingerprint, "s1");
    store.release("s1");
    store.release("s2");
    expect(await store.claim(fingerprint)).toBe("s2");
  });

  it("leaves a session alone that another tab is using", async () => {
    const values = new Map<string, string>();
    const { locks } = navigator;
    const tab = open(values, "https://c", locks);
    const otherTab = open(values, "https://c", locks);
    tab.remember(fingerprint, "s1");
    expect(await tab.claim(fingerprint)).toBe("s1");
    expect(await otherTab.claim(fingerprint)).toBeNull();
    tab.release("s1");
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await otherTab.claim(fingerprint)).toBe("s1");
    otherTab.release("s1");
  });

  it("forgets what is too old to be open, and what makes no sense", async () => {
    const values = new Map<string, string>();
    const store = open(values);
    store.remember(fingerprint, "s1");
    store.remember(fingerprint, "s2");
    const [first, second] = [...values.keys()];
    values.set(first ?? "", String(Date.now() - 40 * 24 * 3600 * 1000));
    values.set(second ?? "", "nonsense");
    expect(await store.claim(fingerprint)).toBeNull();
    expect(values.size).toBe(0);
  });

  it("keeps cancelled sessions in mind until the companion has confirmed", () => {
    const values = new Map<string, string>();
    open(values).addDiscard("s1");
    expect(open(values).toDiscard()).toEqual(["s1"]);
    expect(open(values, "https://d").toDiscard()).toEqual([]);
    open(values).removeDiscard("s1");
    expect(open(values).toDiscard()).toEqual([]);
  });
});
