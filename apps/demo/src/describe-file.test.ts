import { expect, it } from "vitest";
import { describeFacts, type LibraryFile } from "./describe-file.ts";

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

it("says the type of what is no audio", () => {
  expect(describeFacts({ ...file, key: "documents/2026/11/x.pdf", type: "application/pdf" })).toMatch(
    /^application\/pdf · /,
  );
});
