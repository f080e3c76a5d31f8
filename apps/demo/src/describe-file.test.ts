import { expect, it } from "vitest";
import { describeFacts, describeState, type LibraryFile } from "./describe-file.ts";

const file: LibraryFile = {
  id: "7b62be15-977e-4ef7-a17d-5c645592a8bc",
  name: "take 2",
  size: 20_480,
  type: "audio/ogg",
  contentType: "audio_file",
  state: "stored",
  accessLevel: "private",
  workspaceId: null,
  ownerId: null,
  key: "audio/uploads/2026/11/7b62be15-977e-4ef7-a17d-5c645592a8bc.opus",
  checksumMd5: null,
  checksumSha256: null,
  downloadUrlsIssued: 0,
  createdAt: "2026-11-29T16:15:00.000Z",
  updatedAt: "2026-11-29T16:15:00.000Z",
  expiresAt: null,
  contentUrl: "/v1/files/7b62be15-977e-4ef7-a17d-5c645592a8bc/content",
};

it("tells Opus from Ogg, which have one type, also of a file that was renamed", () => {
  expect(describeFacts(file)).toMatch(/^Opus · 20 KB · /);
  expect(describeFacts({ ...file, key: file.key.replace("opus", "ogg") })).toMatch(/^Ogg · /);
});

it("says what the server found in it, as far as there is anything", () => {
  const nothing = { bitDepth: null, title: null, artist: null, album: null };
  const sound = {
    ...nothing,
    format: "opus",
    codec: "Opus",
    durationSeconds: 221,
    sampleRate: 48_000,
    channels: 2,
  } as const;
  expect(describeFacts({ ...file, sound })).toMatch(/^3:41 · Opus · 48 kHz · stereo · 20 KB · /);
  const unknown = {
    ...sound,
    format: null,
    codec: null,
    durationSeconds: null,
    sampleRate: null,
    channels: null,
  };
  expect(describeFacts({ ...file, sound: unknown })).toMatch(/^Opus · 20 KB · /);
});

it("offers nothing of a file that is held until it was scanned, or that was found harmful", () => {
  expect(describeState({ state: "stored", scan: "held" })).toEqual({
    text: "Being checked",
    isReadable: false,
  });
  expect(describeState({ state: "stored", scan: "waiting" }).isReadable).toBe(true);
  expect(describeState({ state: "stored", scan: "clean" }).isReadable).toBe(true);
  expect(describeState({ state: "quarantined", scan: "infected" }).isReadable).toBe(false);
});

it("says the type of what is no audio", () => {
  expect(describeFacts({ ...file, key: "documents/2026/11/x.pdf", type: "application/pdf" })).toMatch(
    /^application\/pdf · /,
  );
});
