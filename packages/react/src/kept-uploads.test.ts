import { UploadError } from "@audiotricks/protocol";
import type { UploadSession } from "@audiotricks/protocol/messages";
import type { SpacesUploadStatus } from "@audiotricks/uppy-spaces";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { handleOf } from "./file-handle.fixture.ts";
import type { FileHandle } from "./file-handle.ts";
import { createFileHandles } from "./file-handles.ts";
import type { UppyUpload } from "./file-status.ts";
import type { HandleShelf, KeptUpload } from "./handle-shelf.ts";
import { type Continuable, createKeptUploads } from "./kept-uploads.ts";
import { STORED_RECORD } from "./stored-record.fixture.ts";

const COMPANION = "https://c";
const song = new File(["song"], "a.wav", { lastModified: 5 });
const progress = { sentBytes: 0, totalBytes: 4, bytesPerSecond: 0, remainingMs: null };
const UPLOADING: SpacesUploadStatus = { status: "uploading", sessionId: "s1", progress };

const uppyFile = (spaces: SpacesUploadStatus, data = song, id = "1") =>
  ({
    id,
    name: data.name,
    type: "audio/wav",
    size: data.size,
    data,
    meta: { name: data.name },
    spaces,
  }) as unknown as UppyUpload;

function keptUpload(sessionId: string, handle: FileHandle, change: Partial<KeptUpload> = {}): KeptUpload {
  const mark = { size: song.size, lastModified: song.lastModified };
  const place = { companionUrl: COMPANION, workspaceId: null, relativePath: null };
  return {
    ...mark,
    ...place,
    sessionId,
    handle,
    name: "a.wav",
    type: "audio/wav",
    isPaused: false,
    ...change,
  };
}

function open(
  options: { left?: KeptUpload[]; isOpen?: string[]; isOver?: string[]; isInUse?: string[] } = {},
) {
  const shelved = new Map((options.left ?? []).map((upload) => [upload.sessionId, upload]));
  const shelf: HandleShelf = {
    all: async () => [...shelved.values()],
    put: async (upload) => void shelved.set(upload.sessionId, upload),
    remove: async (sessionId) => void shelved.delete(sessionId),
  };
  const dropped = new Map<string, FileHandle>();
  const added: KeptUpload[] = [];
  const files: File[] = [];
  let continuable: ReadonlyMap<string, Continuable> = new Map();
  const inUse = new Set(options.isInUse);
  const kept = createKeptUploads({
    companionUrl: COMPANION,
    shelf,
    handles: createFileHandles({ find: async ({ name }) => dropped.get(name) ?? null }),
    client: {
      // Nothing of a session is looked at but its id.
      listUploads: async () => ({
        uploads: (options.isOpen ?? []).map((sessionId) => ({ sessionId }) as UploadSession),
      }),
      getUpload: async (sessionId) => {
        if (options.isOver?.includes(sessionId)) return { sessionId } as UploadSession;
        throw new UploadError("session_not_found", "not yours");
      },
    },
    findSessionsInUse: async () => inUse,
    workspaceId: () => undefined,
    add: (uploads) => {
      added.push(...uploads.map(({ upload }) => upload));
      files.push(...uploads.map(({ file }) => file));
    },
    onChange: (next) => {
      continuable = next;
    },
  });
  return { kept, shelved, dropped, added, files, inUse, continuable: () => Object.fromEntries(continuable) };
}

const settled = () => vi.advanceTimersByTimeAsync(5000);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("while a file is under way", () => {
  it("keeps its handle beside the session until that is over, and never its bytes", async () => {
    const { kept, shelved, dropped } = open();
    const { handle } = handleOf(song);
    dropped.set("a.wav", handle);
    kept.look([uppyFile({ status: "creating" })]);
    await settled();
    expect(shelved.size).toBe(0);
    kept.look([uppyFile(UPLOADING)]);
    await settled();
    expect([...shelved.values()]).toEqual([keptUpload("s1", handle)]);
    kept.look([uppyFile({ status: "paused", sessionId: "s1", progress })]);
    await settled();
    expect(shelved.get("s1")?.isPaused).toBe(true);
    kept.look([uppyFile({ status: "done", file: STORED_RECORD })]);
    await settled();
    expect(shelved.size).toBe(0);
  });

  it("follows it into another session, and forgets it when it is removed", async () => {
    const { kept, shelved, dropped } = open();
    dropped.set("a.wav", handleOf(song).handle);
    kept.look([uppyFile(UPLOADING)]);
    kept.look([uppyFile({ ...UPLOADING, sessionId: "s2" })]);
    await settled();
    expect([...shelved.keys()]).toEqual(["s2"]);
    kept.removed("1");
    await settled();
    expect(shelved.size).toBe(0);
  });

  it("keeps nothing of a file without a handle, and none that ended while it was looked for", async () => {
    const { kept, shelved, dropped } = open();
    kept.look([uppyFile(UPLOADING)]);
    dropped.set("b.wav", handleOf(song).handle);
    const other = new File(["song"], "b.wav");
    kept.look([uppyFile(UPLOADING, other, "2")]);
    kept.removed("2");
    await settled();
    expect(shelved.size).toBe(0);
  });
});

describe("in the next page", () => {
  it("goes on by itself with what the browser lets it read", async () => {
    const { handle } = handleOf(song);
    const { kept, shelved, added, files, continuable } = open({
      left: [keptUpload("s1", handle)],
      isOpen: ["s1"],
    });
    kept.begin();
    await settled();
    expect([added.map(({ sessionId }) => sessionId), files, continuable()]).toEqual([["s1"], [song], {}]);
    // And keeps it again, though nobody dropped it in this page.
    kept.look([uppyFile(UPLOADING)]);
    await settled();
    expect(shelved.get("s1")?.handle).toBe(handle);
    kept.look([uppyFile({ status: "done", file: STORED_RECORD })]);
    await settled();
    expect(shelved.size).toBe(0);
  });

  it("offers the rest, and goes on with all of it by one click", async () => {
    const [a, b] = [handleOf(song, "prompt"), handleOf(song, "prompt")];
    const left = [keptUpload("s1", a.handle), keptUpload("s2", b.handle)];
    const { kept, added, continuable } = open({ left, isOpen: ["s1", "s2"] });
    kept.begin();
    await settled();
    expect([added, continuable(), a.asked.count]).toEqual([[], { s1: "ready", s2: "ready" }, 0]);
    await kept.continueUploads(["s1", "s2"]);
    expect([added.map(({ sessionId }) => sessionId), continuable()]).toEqual([["s1", "s2"], {}]);
  });

  it("says what became of the file where it cannot", async () => {
    const [changed, gone, refused] = [handleOf(song), handleOf(song), handleOf(song, "prompt")];
    changed.replace(new File(["sung"], "a.wav", { lastModified: 6 }));
    gone.replace(null);
    refused.asked.answer = "denied";
    const left = [
      keptUpload("s1", changed.handle),
      keptUpload("s2", gone.handle),
      keptUpload("s3", refused.handle),
    ];
    const { kept, added, continuable } = open({ left, isOpen: ["s1", "s2", "s3"] });
    kept.begin();
    await settled();
    await kept.continueUploads(["s3"]);
    expect([added, continuable()]).toEqual([[], { s1: "changed", s2: "gone", s3: "refused" }]);
  });

  it("leaves alone what was paused, is another tab's, or goes to another workspace", async () => {
    const { handle } = handleOf(song);
    const left = [
      keptUpload("paused", handle, { isPaused: true }),
      keptUpload("in use", handle),
      keptUpload("elsewhere", handle, { workspaceId: "w" }),
    ];
    const isOpen = left.map(({ sessionId }) => sessionId);
    const { kept, added, continuable } = open({ left, isOpen, isInUse: ["in use"] });
    kept.begin();
    await settled();
    expect([added, Object.keys(continuable())]).toEqual([[], ["paused", "in use", "elsewhere"]]);
    await kept.continueUploads(["paused"]);
    expect(added).toHaveLength(1);
  });

  it("waits for the locks of the page before it", async () => {
    const { handle } = handleOf(song);
    const { kept, added, inUse } = open({
      left: [keptUpload("s1", handle)],
      isOpen: ["s1"],
      isInUse: ["s1"],
    });
    kept.begin();
    await vi.advanceTimersByTimeAsync(100);
    inUse.clear();
    expect(added).toEqual([]);
    await settled();
    expect(added).toHaveLength(1);
  });

  it("forgets what is over, but not what somebody else began here", async () => {
    const { handle } = handleOf(song);
    const left = [keptUpload("over", handle), keptUpload("theirs", handle)];
    const { kept, shelved, added, continuable } = open({ left, isOpen: [], isOver: ["over"] });
    kept.begin();
    await settled();
    expect([[...shelved.keys()], added, continuable()]).toEqual([["theirs"], [], {}]);
  });

  it("does nothing once it is stopped", async () => {
    const { handle } = handleOf(song);
    const { kept, added } = open({ left: [keptUpload("s1", handle)], isOpen: ["s1"] });
    kept.begin();
    kept.stop();
    await settled();
    expect(added).toEqual([]);
  });
});
