import Uppy from "@uppy/core";
import { expect, it } from "vitest";
import type { UppyUpload } from "./file-status.ts";
import { keepApart } from "./keep-apart.ts";

const twin = () => ({
  name: "take.wav",
  type: "audio/wav",
  data: new File(["x"], "take.wav", { lastModified: 1 }),
});

function setUp() {
  const uppy: Uppy = new Uppy({
    onBeforeFileAdded: (file, pending) => keepApart(file, pending, uppy.getState().files),
  });
  return uppy;
}
function finish(uppy: Uppy, file: UppyUpload | undefined) {
  if (file)
    uppy.setFileState(file.id, { spaces: { status: "failed", error: { code: "internal", message: "" } } });
}

it("takes every file of one drop, though Uppy cannot tell them apart", () => {
  const uppy = setUp();
  uppy.addFiles([twin(), twin(), twin()]);
  expect(new Set(uppy.getFiles().map(({ id }) => id)).size).toBe(3);
});

it("refuses a file that is in the list and not through yet", () => {
  const uppy = setUp();
  uppy.addFiles([twin()]);
  uppy.addFiles([twin()]);
  expect(uppy.getFiles()).toHaveLength(1);
});

it("takes a file again once the first is through", () => {
  const uppy = setUp();
  uppy.addFiles([twin()]);
  finish(uppy, uppy.getFiles()[0]);
  uppy.addFiles([twin()]);
  expect(uppy.getFiles()).toHaveLength(2);
});
