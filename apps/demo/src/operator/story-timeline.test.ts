import type { UploadStory } from "@audiotricks/protocol/admin";
import { expect, it } from "vitest";
import { endingOf, timelineOf } from "./story-timeline.ts";

const ID = "0a1b2c3d-0000-4000-8000-00000000000f";
const at = (second: number) => new Date(Date.UTC(2026, 10, 30, 12, 0, second)).toISOString();

const STORY: UploadStory = {
  session: {
    sessionId: ID,
    fileId: ID,
    state: "completed",
    fileName: "a.wav",
    fileSize: 20_000_000,
    uploadedBytes: 20_000_000,
    userId: ID,
    workspaceId: null,
    providerId: ID,
    createdAt: at(0),
    updatedAt: at(30),
    expiresAt: at(59),
    errorCode: null,
    stuck: null,
    method: "multipart",
    origin: "v1",
    partSize: 10_000_000,
    partCount: 2,
    completeSentAt: at(20),
    completedAt: at(22),
    errorMessage: null,
  },
  file: {
    id: ID,
    state: "processed",
    kind: "audio_file",
    bytes: 20_000_000,
    mimeType: "audio/wav",
    key: "audio/a.wav",
    bucket: "audio",
    region: "ams3",
    accessLevel: "private",
    etag: null,
    createdAt: at(0),
    storedAt: at(22),
    deletedAt: null,
    expiresAt: null,
    downloads: 0,
    lastAccessAt: null,
  },
  parts: [
    { partNumber: 1, size: 10_000_000, state: "stored", uploadedAt: at(10), retries: 2, error: null },
    { partNumber: 2, size: 10_000_000, state: "pending", uploadedAt: null, retries: 0, error: null },
  ],
  client: { at: at(21), durationMs: 21_000, bytesSent: 20_000_000, report: { retries: 2 } },
  operations: [
    {
      at: at(1),
      type: "upload",
      call: "CreateMultipartUpload",
      status: 503,
      success: false,
      durationMs: 40,
      attempts: 2,
      cause: "request",
      error: "SlowDown",
      requestId: null,
    },
  ],
  audit: [],
  events: [{ at: at(22), type: "file.stored", state: "sent", attempts: 1, error: null }],
};

it("tells of all sides in the order in which it happened, and what was bad", () => {
  expect(
    timelineOf(STORY).map((one) => [one.afterMs / 1000, one.side, one.what, one.detail, one.isBad]),
  ).toEqual([
    [0, "server", "the upload began", "multipart, 20 MB", false],
    [1, "store", "CreateMultipartUpload", "503, 2 attempts, SlowDown", true],
    [10, "browser", "part 1 was reported", "10 MB, 2 retries", false],
    [20, "server", "the store was asked to put the parts together", "", false],
    [21, "browser", "the browser told how it went", "20 MB", false],
    [22, "told", "file.stored", "sent", false],
    [22, "server", "the upload ended: completed", "", false],
    [22, "server", "the file was stored, proved", "", false],
  ]);
});

it.each([
  [{}, "It was stored; the file is processed now."],
  [{ state: "active" }, "It is under way."],
  [
    { state: "active", stuck: "silent" as const },
    "Its browser has said nothing for an hour; it can still be resumed.",
  ],
  [{ state: "failed", errorCode: "size_mismatch" }, "It failed: size_mismatch."],
  [{ state: "aborted" }, "It was cancelled, or its time was over."],
])("says what became of %j", (change, words) => {
  expect(endingOf({ ...STORY, session: { ...STORY.session, ...change } })).toBe(words);
});
