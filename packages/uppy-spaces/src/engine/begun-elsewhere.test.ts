import type { ListUploadsResponse, UploadSession } from "@audiotricks/protocol/messages";
import { describe, expect, it, vi } from "vitest";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import type { UploadCalls } from "../upload-calls.ts";
import { createBegunElsewhere } from "./begun-elsewhere.ts";
import { createSessionStore } from "./session-store.ts";
import type { UploadSource } from "./upload-source.ts";

const SIZE = 1000;

function session(sessionId: string, change: Partial<UploadSession> = {}): UploadSession {
  return {
    sessionId,
    fileId: sessionId,
    state: "active",
    method: "multipart",
    key: sessionId,
    name: "a.wav",
    size: SIZE,
    workspaceId: null,
    partSize: SIZE,
    partCount: 1,
    storedParts: [],
    createdAt: "2026-01-01T00:00:00Z",
    expiresAt: "2026-01-02T00:00:00Z",
    error: null,
    ...change,
  };
}

const source: UploadSource = {
  id: "1",
  blob: new Blob([new Uint8Array(SIZE)]),
  name: "a.wav",
  type: "audio/wav",
  lastModified: 1,
  relativePath: null,
  beside: {},
  workspaceId: undefined,
  contentType: undefined,
  method: undefined,
};

function open(listUploads: () => Promise<ListUploadsResponse>) {
  const clock = new VirtualClock();
  const store = createSessionStore("");
  const list = vi.fn(listUploads);
  // Nothing but the list is asked for.
  const client = { listUploads: list } as Partial<UploadCalls> as UploadCalls;
  return { begunElsewhere: createBegunElsewhere({ client, store, clock }), store, clock, list };
}

describe("sessions begun elsewhere", () => {
  it("are found by name, size and workspace, and used by one file at a time", async () => {
    const { begunElsewhere } = open(async () => ({
      uploads: [
        session("other name", { name: "b.wav" }),
        session("other size", { size: SIZE + 1 }),
        session("other workspace", { workspaceId: "5aed0000-0000-4000-8000-0000000000cc" }),
        session("fits"),
      ],
    }));
    expect(await begunElsewhere.claim(source)).toBe("fits");
    expect(await begunElsewhere.claim(source)).toBeNull();
  });

  it("are none of what a person is just giving up", async () => {
    const { begunElsewhere, store } = open(async () => ({ uploads: [session("unwanted")] }));
    store.addDiscard("unwanted");
    expect(await begunElsewhere.claim(source)).toBeNull();
  });

  it("never stand in the way of an upload", async () => {
    const { begunElsewhere } = open(() => Promise.reject(new Error("no list today")));
    expect(await begunElsewhere.claim(source)).toBeNull();
  });

  it("are never a session that this page is being given for another file of that name", async () => {
    const uploads: UploadSession[] = [];
    const { begunElsewhere, store, clock } = open(async () => ({ uploads: [...uploads] }));
    expect(await begunElsewhere.claim(source)).toBeNull();
    // The companion made a session for that file; its answer is still on the way.
    uploads.push(session("first file's"));
    await clock.advance(60_000);
    expect(await begunElsewhere.claim(source)).toBeNull();

    store.hold("first file's");
    begunElsewhere.asked();
    begunElsewhere.asked();
    uploads.push(session("from a phone"));
    await clock.advance(60_000);
    expect(await begunElsewhere.claim(source)).toBe("from a phone");
  });

  it("are asked for once for files that are picked together", async () => {
    const { begunElsewhere, list } = open(async () => ({ uploads: [] }));
    await Promise.all(Array.from({ length: 50 }, () => begunElsewhere.claim(source)));
    expect(list).toHaveBeenCalledTimes(1);
  });
});
