import { describe, expect, it } from "vitest";
import { UPLOAD_ERRORS, UploadError } from "./errors.ts";
import { createUploadsRequest, errorBody, listUsageQuery, newUpload, updateFileRequest } from "./messages.ts";

const file = { clientId: "1", name: "song.mp3", size: 3 };

describe("messages", () => {
  it("fills in what a browser may leave out", () => {
    expect(newUpload.parse(file)).toEqual({ ...file, type: "", contentType: "audio_file" });
  });

  it("takes a cursor of usage that is a day of the calendar, and nothing else", () => {
    expect(listUsageQuery.parse({ cursor: "2024-02-29", limit: "2" })).toEqual({
      period: "month",
      cursor: "2024-02-29",
      limit: 2,
    });
    for (const cursor of ["2023-02-29", "0000-01-01", "infinity", "yesterday", ""])
      expect(listUsageQuery.safeParse({ cursor }).success, cursor).toBe(false);
    for (const query of [
      { period: "hour" },
      { limit: 0 },
      { limit: 201 },
      { userId: "u" },
      { workspaceId: "1" },
    ])
      expect(listUsageQuery.safeParse(query).success, JSON.stringify(query)).toBe(false);
  });

  it.each(["ü\u{1f3b5}.mp3", "../../etc/passwd.mp3", "音.mp3"])("takes the name %j", (name) => {
    expect(newUpload.parse({ ...file, name }).name).toBe(name);
  });

  it.each([
    ["no name", { ...file, name: "" }],
    ["a NUL in the name", { ...file, name: "a\0.mp3" }],
    ["a line break in the name", { ...file, name: "a\r\nb.mp3" }],
    ["half a surrogate pair in the name", { ...file, name: "\ud83c.mp3" }],
    ["a negative size", { ...file, size: -1 }],
    ["a size that is no integer", { ...file, size: 1.5 }],
    ["a size beyond exact numbers", { ...file, size: 2 ** 53 }],
    ["a key of its own choosing", { ...file, key: "x" }],
    ["a workspace that is no UUID", { ...file, workspaceId: "../x" }],
  ])("refuses %s", (_what, body) => {
    expect(createUploadsRequest.safeParse({ files: [body] }).success).toBe(false);
  });

  it("refuses an empty change and an access level that there is not", () => {
    expect(updateFileRequest.safeParse({}).success).toBe(false);
    expect(updateFileRequest.safeParse({ accessLevel: "everyone" }).success).toBe(false);
  });

  it("knows every error code on the wire", () => {
    for (const code of Object.keys(UPLOAD_ERRORS) as (keyof typeof UPLOAD_ERRORS)[]) {
      expect(errorBody.parse(new UploadError(code, "x").toBody()).code).toBe(code);
    }
  });
});
