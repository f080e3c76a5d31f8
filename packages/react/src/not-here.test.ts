import type { FileRecord, UploadSession } from "@audiotricks/protocol/messages";
import type { SpacesUploadStatus } from "@audiotricks/uppy-spaces";
import { expect, it } from "vitest";
import { notHere } from "./not-here.ts";
import type { UploadItem } from "./uploads-state.ts";

const open = { fileId: "file-1", name: "take.wav", size: 1000 } as UploadSession;

function item(status: SpacesUploadStatus, name = "take.wav", size = 1000): UploadItem {
  return { id: "item", name, size, status, folder: null, audio: null, warnings: [], stems: null };
}
function isHere(files: UploadItem[]): boolean {
  return notHere([open], files).length === 0;
}
function done(fileId: string): SpacesUploadStatus {
  return { status: "done", file: { id: fileId } as FileRecord };
}

it("knows a file that is not through by its name and size", () => {
  expect(isHere([item({ status: "queued" })])).toBe(true);
  expect(isHere([item({ status: "queued" }, "other.wav")])).toBe(false);
  expect(isHere([item({ status: "queued" }, "take.wav", 999)])).toBe(false);
});

it("knows a file that is through by the file it became, and takes no namesake for it", () => {
  expect(isHere([item(done("file-1"))])).toBe(true);
  expect(isHere([item(done("file-2"))])).toBe(false);
});
