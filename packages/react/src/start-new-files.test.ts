import Uppy, { BasePlugin, type Meta, type PluginOpts } from "@uppy/core";
import { expect, it } from "vitest";
import { startNewFiles } from "./start-new-files.ts";

/** An uploader that fails files by name, as a refused session does: before anything has started. */
class RecordingUploader extends BasePlugin<PluginOpts & { runs: string[][] }, Meta, Record<string, never>> {
  constructor(uppy: Uppy, opts: { runs: string[][] }) {
    super(uppy, opts);
    this.type = "uploader";
    this.id = "recording";
  }
  override install(): void {
    this.uppy.addUploader(async (ids) => {
      const files = this.uppy.getFilesByIds(ids);
      this.opts.runs.push(files.map(({ name }) => name));
      for (const file of files) {
        if (file.name.startsWith("bad"))
          this.uppy.emit("upload-error", file, { name: "E", message: "refused" });
      }
    });
  }
}

function add(uppy: Uppy, name: string): string {
  return uppy.addFile({ name, type: "audio/mpeg", data: new File(["x"], name) });
}

it("starts what is new, and leaves to a person what failed", async () => {
  const runs: string[][] = [];
  const uppy: Uppy = new Uppy({ logger: { debug: () => {}, warn: () => {}, error: () => {} } });
  uppy.use(RecordingUploader, { runs });

  const bad = add(uppy, "bad.mp3");
  startNewFiles(uppy);
  await Promise.resolve();
  expect(runs).toEqual([["bad.mp3"]]);
  expect(uppy.getFile(bad).error).toBe("refused");

  add(uppy, "good.mp3");
  startNewFiles(uppy);
  expect(runs).toEqual([["bad.mp3"], ["good.mp3"]]);
  expect(uppy.getFile(bad).error).toBe("refused");

  await uppy.retryUpload(bad);
  expect(runs.at(-1)).toEqual(["bad.mp3"]);
});
