import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { BrowserProfile as Profile } from "../../test/support/browser-profile.ts";

const MiB = 1024 * 1024;
const isDone = (profile: Profile, id: string) => () => profile.last(id) === "done";

describe("createUploadEngine", () => {
  it("sends a file of many parts with few control requests", async () => {
    const profile = new Profile();
    profile.add("a", 515 * MiB);
    await profile.until(isDone(profile, "a"));
    expect(profile.cloud.accepted).toHaveLength(103);
    // Three URLs come with the session here; the companion sends more.
    expect(profile.cloud.calls.toSorted()).toEqual(["complete", "create", "list", "sign"]);
    expect(profile.statuses.get("a")?.map(({ status }) => status)).toContain("finalizing");
  });

  it("begins many files with one request a hundred, and completes small ones together", async () => {
    const profile = new Profile();
    for (let index = 0; index < 250; index += 1) profile.add(`f${index}`, 1000);
    await profile.until(() => [...profile.statuses.values()].every((all) => all.at(-1)?.status === "done"));
    expect(profile.cloud.completions).toBe(250);
    expect(profile.cloud.calls.filter((call) => call === "create").length).toBeLessThanOrEqual(4);
    expect(profile.cloud.calls.filter((call) => call === "complete").length).toBeLessThan(125);
  });

  it("refuses an empty file without asking anybody", async () => {
    const profile = new Profile();
    profile.add("a", 0);
    await profile.clock.advance(100);
    expect(profile.statuses.get("a")?.at(-1)).toMatchObject({
      status: "failed",
      error: { code: "file_empty" },
    });
    expect(profile.cloud.calls).toEqual([]);
  });

  it("pauses at once, and goes on with what was not acknowledged", async () => {
    const profile = new Profile();
    profile.add("a", 100 * MiB);
    await profile.until(() => profile.cloud.acknowledged.size >= 6);
    profile.engine.pause("a");
    const { size } = profile.cloud.acknowledged;
    await profile.clock.advance(60_000);
    expect([profile.last("a"), profile.cloud.acknowledged.size]).toEqual(["paused", size]);
    profile.engine.resume("a");
    await profile.until(isDone(profile, "a"));
    expect(profile.cloud.needless).toEqual([]);
  });

  it("ends the session of a cancelled file, also when it was cancelled before there was one", async () => {
    const profile = new Profile();
    profile.add("a", 100 * MiB);
    profile.add("b", 100 * MiB);
    await profile.until(() => profile.cloud.calls.includes("create"));
    profile.engine.cancel("b");
    await profile.until(() => profile.cloud.acknowledged.size >= 2);
    profile.engine.cancel("a");
    await profile.until(() => [...profile.cloud.sessions.values()].every(({ state }) => state === "aborted"));
    expect(profile.cloud.sessions.size).toBe(2);
    expect(profile.engine.ids()).toEqual([]);
  });

  it("cancels in a later page what could not be cancelled in this one", async () => {
    const profile = new Profile();
    profile.add("a", 100 * MiB);
    await profile.until(() => profile.cloud.acknowledged.size >= 2);
    profile.cloud.isCompanionUp = false;
    profile.engine.cancel("a");
    await profile.clock.advance(1000);
    profile.reload();
    profile.cloud.isCompanionUp = true;
    await profile.until(() => [...profile.cloud.sessions.values()].every(({ state }) => state === "aborted"));
  });

  it("goes on after a reload without sending again what the store has", async () => {
    const profile = new Profile();
    profile.add("a", 100 * MiB);
    await profile.until(() => profile.cloud.acknowledged.size >= 10);
    profile.reload();
    const before = profile.cloud.acknowledged.size;
    profile.add("a", 100 * MiB);
    await profile.until(isDone(profile, "a"));
    expect(profile.statuses.get("a")?.map(({ status }) => status)).toContain("checking");
    expect(profile.cloud.needless).toEqual([]);
    expect(profile.cloud.accepted.length - before).toBeLessThanOrEqual(10 + 4);
    expect(profile.cloud.sessions.size).toBe(1);
  });

  it("never adds to the parts of another file that looks the same", async () => {
    const profile = new Profile();
    profile.add("a", 100 * MiB, "one");
    await profile.until(() => profile.cloud.acknowledged.size >= 5);
    profile.reload();
    profile.add("a", 100 * MiB, "another");
    await profile.until(isDone(profile, "a"));
    const [first, second] = [...profile.cloud.sessions.values()];
    expect([first?.state, first?.content]).toEqual(["active", "one"]);
    expect([second?.state, second?.content]).toEqual(["completed", "another"]);
  });

  it("never completes what another device has sent into its session, and sends its own bytes again", async () => {
    const profile = new Profile();
    profile.add("a", 60 * MiB);
    profile.add("small", 1000);
    await profile.until(() => profile.cloud.acknowledged.size >= 8);
    for (const { parts, state } of profile.cloud.sessions.values()) {
      const [partNumber = 1, part] = [...parts][0] ?? [];
      if (part !== undefined && state === "active") parts.set(partNumber, { ...part, etag: "f".repeat(32) });
    }
    await profile.until(() => profile.last("a") === "done" && profile.last("small") === "done");
    const held = [...profile.cloud.sessions.values()].flatMap(({ parts }) => [...parts.values()]);
    expect(held.map(({ etag }) => etag)).not.toContain("f".repeat(32));
    expect(profile.cloud.unproved).toBe(0);
  });

  it("waits while the companion is away, for as long as it takes", async () => {
    const profile = new Profile();
    profile.cloud.isCompanionUp = false;
    profile.add("a", 50 * MiB);
    await profile.clock.advance(600_000);
    expect(profile.statuses.get("a")?.at(-1)).toMatchObject({ status: "waiting", reason: "retrying" });
    profile.cloud.isCompanionUp = true;
    await profile.until(isDone(profile, "a"));
  });

  it("says that it is offline, and goes on by itself", async () => {
    const profile = new Profile();
    profile.add("a", 100 * MiB);
    await profile.until(() => profile.cloud.acknowledged.size >= 3);
    profile.setOnline(false);
    await profile.clock.advance(300_000);
    expect(profile.statuses.get("a")?.at(-1)).toMatchObject({ status: "waiting", reason: "offline" });
    profile.setOnline(true);
    await profile.until(isDone(profile, "a"));
    expect(profile.cloud.needless).toEqual([]);
  });

  it("takes bytes that go out while the browser says that it is offline for a network, and the last of them for none", async () => {
    const profile = new Profile();
    const puts: ((sentBytes: number) => void)[] = [];
    vi.spyOn(profile.cloud, "put").mockImplementation(({ onProgress }) => {
      puts.push(onProgress);
      return new Promise(() => {});
    });
    profile.add("a", 20 * MiB);
    await profile.until(() => puts.length === 4);
    profile.setOnline(false);
    expect(profile.last("a")).toBe("waiting");
    for (let seconds = 1; seconds <= 10; seconds += 1) {
      puts[0]?.(seconds * 1000);
      await profile.clock.advance(1000);
      expect(profile.last("a")).toBe("uploading");
    }
    await profile.clock.advance(4000);
    expect(profile.statuses.get("a")?.at(-1)).toMatchObject({ status: "waiting", reason: "offline" });
  });

  it("signs anew what has expired, seen as a 403 or as nothing but a network error", async () => {
    const profile = new Profile({ expiresInSeconds: 1 });
    profile.add("a", 200 * MiB);
    await profile.until(isDone(profile, "a"));
    expect(profile.cloud.needless).toEqual([]);
  });

  it("begins anew when the companion ended the session", async () => {
    const profile = new Profile();
    profile.add("a", 200 * MiB);
    await profile.until(() => profile.cloud.acknowledged.size >= 8);
    for (const session of profile.cloud.sessions.values()) session.state = "aborted";
    await profile.until(isDone(profile, "a"));
    expect(profile.cloud.sessions.size).toBe(2);
    expect(profile.problems).toEqual([]);
  });
});

const action = fc.oneof(
  fc.record({
    do: fc.constantFrom("pause", "resume", "retry", "cancel"),
    file: fc.integer({ min: 0, max: 2 }),
  }),
  fc.record({ do: fc.constantFrom("offline", "online", "reload", "companion-away", "companion-back") }),
);
const scenario = fc.record({
  seed: fc.integer(),
  trouble: fc.constantFrom(0, 0.05, 0.25),
  expiresInSeconds: fc.constantFrom(1, 900),
  sizes: fc.tuple(fc.constantFrom(1000, 12 * MiB), fc.constantFrom(5 * MiB, 61 * MiB), fc.constant(40 * MiB)),
  actions: fc.array(fc.tuple(fc.integer({ min: 1, max: 400 }), action), { maxLength: 14 }),
});

describe("createUploadEngine, whatever happens in whatever order", () => {
  it("loses no part, mixes no files, completes nothing twice, and leaves no session behind", async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ sizes, actions, ...options }) => {
        const profile = new Profile(options);
        const { cloud } = profile;
        const ids = ["a", "b", "c"];
        const cancelled = new Set<string>();
        const addAll = () => {
          for (const [index, id] of ids.entries()) {
            if (!cancelled.has(id) && !finished.has(id)) profile.add(id, sizes[index] ?? 1);
          }
        };
        const finished = new Set<string>();
        addAll();
        for (const [wait, what] of actions) {
          await profile.clock.advance(wait);
          for (const id of ids) if (profile.last(id) === "done") finished.add(id);
          const id = "file" in what ? (ids[what.file] ?? "a") : "";
          if (what.do === "pause") profile.engine.pause(id);
          if (what.do === "resume") profile.engine.resume(id);
          if (what.do === "retry") profile.engine.retry(id);
          if (what.do === "cancel" && !finished.has(id)) {
            profile.engine.cancel(id);
            cancelled.add(id);
          }
          if (what.do === "offline" || what.do === "online") profile.setOnline(what.do === "online");
          if (what.do === "companion-away") cloud.isCompanionUp = false;
          if (what.do === "companion-back") cloud.isCompanionUp = true;
          if (what.do === "reload") {
            profile.reload();
            addAll();
          }
        }
        cloud.trouble = 0;
        cloud.isCompanionUp = true;
        profile.setOnline(true);
        for (const id of ids) profile.engine.resume(id);
        const wanted = ids.filter((id) => !cancelled.has(id) && !finished.has(id));
        await profile.until(() =>
          wanted.every((id) => {
            if (profile.last(id) === "failed") profile.engine.retry(id);
            return profile.last(id) === "done";
          }),
        );
        await profile.clock.advance(120_000);

        expect(profile.problems).toEqual([]);
        expect(cloud.needless).toEqual([]);
        const done = [...cloud.sessions.values()].filter(({ state }) => state === "completed");
        expect(done.every((session) => cloud.isWhole(session))).toBe(true);
        expect(cloud.completions).toBe(done.length);
        expect(cloud.unproved).toBe(0);
        // A page that is gone takes with it what it did not know yet: whether a session was made.
        if (actions.every(([, what]) => what.do !== "reload"))
          expect([...cloud.sessions.values()].filter(({ state }) => state === "active")).toEqual([]);
        for (const id of [...wanted, ...finished])
          expect(done.filter(({ name }) => name === `${id}.wav`).length).toBeGreaterThanOrEqual(1);
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});
