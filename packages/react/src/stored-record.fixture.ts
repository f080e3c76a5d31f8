import type { FileRecord } from "@audiotricks/protocol/messages";

/** What the companion says of a file that it has proved and stored; for tests. */
export const STORED_RECORD: FileRecord = {
  id: "00000000-0000-4000-8000-0000000000ff",
  name: "a.wav",
  size: 25,
  type: "audio/wav",
  contentType: "audio_file",
  state: "stored",
  accessLevel: "private",
  workspaceId: null,
  ownerId: null,
  key: "audio/uploads/a.wav",
  checksumMd5: null,
  checksumSha256: null,
  downloadUrlsIssued: 0,
  createdAt: "2026-11-24T10:00:00.000Z",
  updatedAt: "2026-11-24T10:00:00.000Z",
  expiresAt: null,
  contentUrl: "/v1/files/00000000-0000-4000-8000-0000000000ff/content",
};
