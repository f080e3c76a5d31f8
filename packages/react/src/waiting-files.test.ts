import type { SpacesUploadStatus } from "@audiotricks/uppy-spaces";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { handleOf } from "./file-handle.fixture.ts";
import type { FileHandle } from "./file-handle.ts";
import { createFileHandles } from "./file-handles.ts";
import type { UppyUpload } from "./file-status.ts";
import { createWaitingFiles, type NotBegun } from "./waiting-files.ts";
import type { WaitingFile } from "./waiting-shelf.ts";

const progress = { sentBytes: 0, totalBytes: 4, bytesPerSecond: 0, remainingMs: null };
const UPLOADING: SpacesUploadStatus = { status: "uploading", sessionId: "s1", progress };
const CREATING: SpacesUploadStatus = { status: "creating" };

/** One browser: what pages of it leave to one another. */
function openBrowser() {
  const shelf = new Map<string, WaitingFile>();
  const stored = new Map<string, string>();
  const held = new Set<string>();
  const handles = new Map<string, FileHandle>();
  const begunFiles: { name: string; size: number }[] = [];
  let user: string | null = "alice";
  let asked = 0;
  const locks = {
    request: async (name: string, run: () => Promise<void>) => {
      held.add(name);
      await run();
      held.delete(name);
    },
    query: async () => ({ held: [...held].map((name) => ({ name })) }),
  } as unknown as Pick<LockManager, "request" | "query">;

  const openPage = ({ workspaceId }: { workspaceId?: string } = {}) => {
    const files = new Map<string, UppyUpload>();
    const added: string[] = [];
    let notBegun: readonly NotBegun[] = [];
    let writes = 0;
    const waiting = createWaitingFiles({
      companionUrl: "https://c",
      shelf: {
        all: async () => [...shelf],
        put: async (entries) => {
          writes += entries.length;
          for (const [key, file] of entries) shelf.set(key, file);
        },
        remove: async (keys) => {
          for (const key of keys) shelf.delete(key);
        },
      },
      handles: createFileHandles({ find: async ({ name }) => handles.get(name) ?? null }),
      files: () => [...files.values()],
      userId: async () => {
        asked += 1;
        if (user === null) throw new Error("away");
        return user;
      },
      workspaceId: () => workspaceId,
      begunFiles: async () => begunFiles,
      add: (all) => {
        for (const { file, upload } of all) {
          added.push(upload.name);
          set(file, CREATING);
        }
      },
      onChange: (next) => {
        notBegun = next;
      },
      locks,
      storage: {
        getItem: (key) => stored.get(key) ?? null,
        setItem: (key, value) => void stored.set(key, value),
        removeItem: (key) => void stored.delete(key),
      },
    });
    const set = (file: File, spaces: SpacesUploadStatus | undefined, more: object = {}) => {
      const { name, size } = file;
      const all = { id: name, name, size, data: file, type: "audio/wav", meta: { name }, spaces, ...more };
      files.set(name, all as unknown as UppyUpload);
      waiting.look();
    };
    return { ...waiting, set, added, notBegun: () => notBegun, writes: () => writes };
  };
  /** What is left of a page that crashes: nothing but what it wrote. */
  const crash = () => held.clear();
  const signIn = (as: string | null) => {
    user = as;
  };
  return { openPage, shelf, stored, held, handles, begunFiles, crash, signIn, asked: () => asked };
}

const song = (name: string) => new File(["song"], name, { lastModified: 5 });
const settled = () => vi.advanceTimersByTimeAsync(5000);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("while files wait for their turn", () => {
  it("writes down those that wait long enough, without their bytes, until they are begun", async () => {
    const { openPage, shelf, held } = openBrowser();
    const page = openPage();
    page.set(song("quick.wav"), undefined);
    page.set(song("slow.wav"), CREATING);
    await vi.advanceTimersByTimeAsync(200);
    page.set(song("quick.wav"), UPLOADING);
    await settled();
    expect([...shelf.values()]).toEqual([
      {
        name: "slow.wav",
        type: "audio/wav",
        size: 4,
        lastModified: 5,
        relativePath: null,
        handle: null,
        companionUrl: "https://c",
        userId: "alice",
        workspaceId: null,
        isPaused: false,
        at: expect.any(Number),
      },
    ]);
    expect([page.writes(), held.size]).toEqual([1, 1]);
    page.set(song("slow.wav"), UPLOADING);
    await settled();
    expect([shelf.size, held.size]).toEqual([0, 0]);
  });

  it("asks a companion that is away seldom who is signed in, and one that is there once", async () => {
    const { openPage, shelf, asked, signIn } = openBrowser();
    const page = openPage();
    signIn(null);
    for (let second = 0; second < 29; second += 1) {
      page.set(song("a.wav"), CREATING);
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect([asked(), shelf.size]).toEqual([1, 0]);
    signIn("alice");
    for (const name of ["a.wav", "b.wav", "c.wav"]) {
      page.set(song(name), CREATING);
      await settled();
    }
    expect([asked(), shelf.size]).toEqual([2, 3]);
  });
});

describe("in the next page", () => {
  it("goes on by itself with what the browser lets it read", async () => {
    const { openPage, shelf, handles, crash } = openBrowser();
    const before = openPage();
    for (const name of ["a.wav", "b.wav"]) {
      handles.set(name, handleOf(song(name)).handle);
      before.set(song(name), undefined);
    }
    await settled();
    before.stop();
    crash();
    const page = openPage();
    page.begin();
    await settled();
    expect([page.added, page.notBegun()]).toEqual([["a.wav", "b.wav"], []]);
    // They wait again, by the same handles.
    expect([...shelf.values()].map(({ name, handle }) => [name, handle])).toEqual([...handles]);
  });

  it("asks once for all of them, when a person says so, and says which have to be added again", async () => {
    const { openPage, handles, crash } = openBrowser();
    const before = openPage();
    const asked = ["a.wav", "b.wav"].map((name) => {
      const { handle, asked: asking } = handleOf(song(name), "prompt");
      handles.set(name, handle);
      return asking;
    });
    const gone = handleOf(song("gone.wav"));
    handles.set("gone.wav", gone.handle);
    for (const name of ["a.wav", "b.wav", "gone.wav", "picked.wav"]) before.set(song(name), undefined);
    await settled();
    before.stop();
    crash();
    gone.replace(null);
    const page = openPage();
    page.begin();
    await settled();
    expect([page.added, asked.map(({ count }) => count)]).toEqual([[], [0, 0]]);
    expect(page.notBegun().map(({ name, canRead }) => [name, canRead])).toEqual([
      ["a.wav", true],
      ["b.wav", true],
      ["gone.wav", true],
      ["picked.wav", false],
    ]);
    await page.continueAll();
    expect(page.added).toEqual(["a.wav", "b.wav"]);
    expect(page.notBegun()).toEqual([
      { name: "gone.wav", canRead: false },
      { name: "picked.wav", canRead: false },
    ]);
    page.set(song("picked.wav"), undefined);
    await settled();
    expect(page.notBegun()).toEqual([{ name: "gone.wav", canRead: false }]);
  });

  it("keeps all of it where the person says no, asks no more than once a click, and forgets it when told to", async () => {
    const { openPage, shelf, handles, crash } = openBrowser();
    const before = openPage();
    const asked = ["a.wav", "b.wav"].map((name) => {
      const { handle, asked: asking } = handleOf(song(name), "prompt");
      asking.answer = "denied";
      handles.set(name, handle);
      before.set(song(name), undefined);
      return asking;
    });
    await settled();
    before.stop();
    crash();
    const page = openPage();
    page.begin();
    await settled();
    await page.continueAll();
    expect([page.added, asked.map(({ count }) => count), page.notBegun().length]).toEqual([[], [1, 0], 2]);
    page.dismiss();
    await settled();
    expect([shelf.size, page.notBegun()]).toEqual([0, []]);
  });

  it("leaves alone what is another tab's, another person's, another workspace's, or was paused", async () => {
    const { openPage, handles, crash, signIn, shelf } = openBrowser();
    handles.set("paused.wav", handleOf(song("paused.wav")).handle);
    const [other, theirs, elsewhere, own] = [
      openPage(),
      openPage(),
      openPage({ workspaceId: "w" }),
      openPage(),
    ];
    elsewhere.set(song("elsewhere.wav"), undefined);
    own.set(song("paused.wav"), { status: "paused", sessionId: null, progress });
    await settled();
    signIn("bob");
    theirs.set(song("theirs.wav"), undefined);
    await settled();
    for (const page of [theirs, elsewhere, own]) page.stop();
    crash();
    signIn("alice");
    other.set(song("other.wav"), undefined);
    await settled();
    const page = openPage();
    page.begin();
    await settled();
    expect([page.added, page.notBegun()]).toEqual([[], [{ name: "paused.wav", canRead: true }]]);
    expect(shelf.size).toBe(4);
    await page.continueAll();
    expect(page.added).toEqual(["paused.wav"]);
  });

  it("does not offer again what was begun in the last moment of the page before, or is at the companion", async () => {
    const { openPage, shelf, stored, crash, begunFiles } = openBrowser();
    const before = openPage();
    for (const name of ["waits.wav", "done.wav", "open.wav"]) before.set(song(name), undefined);
    await settled();
    before.set(song("done.wav"), UPLOADING);
    before.leave();
    crash();
    begunFiles.push({ name: "open.wav", size: 4 });
    const page = openPage();
    page.begin();
    await settled();
    expect(page.notBegun()).toEqual([{ name: "waits.wav", canRead: false }]);
    expect([[...shelf.values()].map(({ name }) => name), stored.size]).toEqual([["waits.wav"], 0]);
  });
});
