import Uppy from "@uppy/core";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ContentBlob, SimulatedCloud, simulatedHash } from "../test/support/simulated-cloud.ts";
import { monotonicClock } from "./engine/clock.ts";
import type { FromEngine } from "./engine/engine-messages.ts";
import { createSessionStore, type SessionStore } from "./engine/session-store.ts";
import { startEngine } from "./engine/start-engine.ts";
import type { EngineChannel } from "./engine-channel.ts";
import UppySpacesByDefault, { UppySpaces } from "./index.ts";

const MiB = 1024 * 1024;
type Meta = Record<string, unknown>;
type Body = Record<string, never>;

let cloud: SimulatedCloud;
let store: SessionStore;

class SpacesInTheTest extends UppySpaces<Meta, Body> {
  protected override openChannel(receive: (message: FromEngine) => void): EngineChannel {
    const send = startEngine(receive, { client: cloud.client, put: cloud.put, hash: simulatedHash, store });
    return { send, watch: () => {} };
  }
}

const open = () => {
  const uppy = new Uppy<Meta, Body>();
  uppy.use(SpacesInTheTest, { companionUrl: "https://companion.test" });
  return uppy;
};
const begin = (uppy: Uppy<Meta, Body>, name = "a.wav", size = 30 * MiB) =>
  uppy.addFile({ name, type: "audio/wav", data: new ContentBlob(name, size) });
const until = (isTrue: () => boolean) =>
  vi.waitFor(() => expect(isTrue()).toBe(true), { timeout: 5000, interval: 5 });
const states = () => [...cloud.sessions.values()].map(({ state }) => state);
const statusOf = (uppy: Uppy<Meta, Body>, id: string) => uppy.getFile(id)?.spaces?.status;

function openCloud() {
  cloud = new SimulatedCloud({
    clock: monotonicClock,
    random: () => 0.4,
    partSize: 5 * MiB,
    trouble: 0,
    expiresInSeconds: 900,
  });
  store = createSessionStore("https://companion.test", undefined, null);
}

const opened: Uppy<Meta, Body>[] = [];
const openUppy = () => {
  const uppy = open();
  opened.push(uppy);
  return uppy;
};
afterEach(() => {
  for (const uppy of opened.splice(0)) uppy.destroy();
});

describe("UppySpaces", () => {
  it("uploads, and tells Uppy in its own events", async () => {
    openCloud();
    const uppy = openUppy();
    const id = begin(uppy);
    const statuses = new Set<string | undefined>();
    const bytes: number[] = [];
    const processing: unknown[] = [];
    uppy.on("state-update", () => {
      statuses.add(statusOf(uppy, id));
      const progress = uppy.getFile(id)?.progress;
      if (progress === undefined) return;
      bytes.push(progress.bytesUploaded || 0);
      if (progress.postprocess) processing.push(progress.postprocess.message);
    });
    const result = await uppy.upload();
    expect(result?.successful?.map((file) => file.id)).toEqual([id]);
    const file = uppy.getFile(id);
    expect(file.spaces).toMatchObject({ status: "done", file: { name: "a.wav", size: 30 * MiB } });
    expect(file.uploadURL).toBe("https://companion.test/v1/files/f/content");
    expect(file.progress).toMatchObject({ uploadComplete: true, percentage: 100, bytesUploaded: 30 * MiB });
    expect(file.progress.postprocess).toBeUndefined();
    expect([...statuses]).toEqual(expect.arrayContaining(["creating", "uploading", "finalizing", "done"]));
    expect(processing).toContain("Finishing…");
    expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
  });

  it("says in the file's error what a person needs to know, and in `spaces` what a program does", async () => {
    openCloud();
    const uppy = openUppy();
    const id = begin(uppy, "empty.wav", 0);
    const errors: string[] = [];
    uppy.on("upload-error", (_file, { message }) => errors.push(message));
    const result = await uppy.upload();
    expect(result?.failed).toHaveLength(1);
    expect(uppy.getFile(id).error).toBe("“empty.wav” is empty: there is nothing to upload.");
    expect(uppy.getFile(id).spaces).toMatchObject({ status: "failed", error: { code: "file_empty" } });
    expect(errors).toHaveLength(1);
  });

  it("pauses and resumes one file and all", async () => {
    openCloud();
    const uppy = openUppy();
    const id = begin(uppy, "a.wav", 100 * MiB);
    expect(uppy.getState().capabilities).toMatchObject({ resumableUploads: true });
    const upload = uppy.upload();
    await until(() => cloud.acknowledged.size > 2);
    uppy.pauseResume(id);
    await until(() => statusOf(uppy, id) === "paused");
    const { size } = cloud.acknowledged;
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(cloud.acknowledged.size).toBe(size);
    uppy.pauseResume(id);
    await until(() => cloud.acknowledged.size > size);
    uppy.pauseAll();
    await until(() => statusOf(uppy, id) === "paused");
    uppy.resumeAll();
    expect((await upload)?.successful).toHaveLength(1);
    expect(cloud.needless).toEqual([]);
  });

  it("goes on with the same session, and the same progress, when a failed file is retried", async () => {
    openCloud();
    const uppy = openUppy();
    const id = begin(uppy, "a.wav", 60 * MiB);
    const starts = vi.fn();
    uppy.on("upload-start", starts);
    const upload = uppy.upload();
    await until(() => cloud.acknowledged.size > 2);
    cloud.isSignedIn = false;
    expect((await upload)?.failed).toHaveLength(1);
    expect(uppy.getFile(id)).toMatchObject({
      error: "Please sign in again.",
      spaces: { status: "failed", error: { code: "unauthenticated" } },
    });
    const sent = uppy.getFile(id).progress.bytesUploaded;
    cloud.isSignedIn = true;
    const least: number[] = [];
    uppy.on("state-update", () => least.push(uppy.getFile(id)?.progress.bytesUploaded || 0));
    await uppy.retryAll();
    expect(statusOf(uppy, id)).toBe("done");
    expect(Math.min(...least)).toBeGreaterThanOrEqual(sent || 0);
    expect(starts).toHaveBeenCalledTimes(1);
    expect([states(), cloud.needless]).toEqual([["completed"], []]);
  });

  it("cancels a removed file at the companion, and settles the upload", async () => {
    openCloud();
    const uppy = openUppy();
    const id = begin(uppy, "a.wav", 200 * MiB);
    const upload = uppy.upload();
    await until(() => cloud.acknowledged.size > 2);
    uppy.removeFile(id);
    await upload;
    await until(() => states()[0] === "aborted");
  });

  it("cancels all at the companion", async () => {
    openCloud();
    const uppy = openUppy();
    begin(uppy, "a.wav", 200 * MiB);
    begin(uppy, "b.wav", 200 * MiB);
    const upload = uppy.upload();
    await until(() => cloud.acknowledged.size > 2);
    uppy.cancelAll();
    await upload;
    await until(() => states().every((state) => state === "aborted"));
  });

  it("leaves sessions open when it is only taken off the page, and the next one goes on", async () => {
    openCloud();
    const uppy = open();
    begin(uppy, "a.wav", 100 * MiB);
    const upload = uppy.upload();
    await until(() => cloud.acknowledged.size > 4);
    uppy.destroy();
    await upload;
    const { size } = cloud.acknowledged;
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect([states(), cloud.acknowledged.size]).toEqual([["active"], size]);
    const next = openUppy();
    const id = begin(next, "a.wav", 100 * MiB);
    await next.upload();
    expect(statusOf(next, id)).toBe("done");
    expect([states(), cloud.needless]).toEqual([["completed"], []]);
  });

  it("knows a cancel that was meant from one that came with the removal", async () => {
    openCloud();
    const uppy = open();
    begin(uppy, "a.wav", 100 * MiB);
    const upload = uppy.upload();
    await until(() => cloud.acknowledged.size > 2);
    uppy.cancelAll();
    uppy.destroy();
    await upload;
    await until(() => states()[0] === "aborted");
  });

  it("refuses what is not on this device", async () => {
    openCloud();
    const uppy = openUppy();
    const far = { name: "far.wav", isRemote: true, data: { size: 5 }, remote: { requestClientId: "" } };
    // Uppy's type of a file to add leaves out those of other servers, which its own pickers do add.
    const id = uppy.addFile(far as unknown as Parameters<typeof uppy.addFile>[0]);
    await uppy.upload();
    expect(uppy.getFile(id).error).toMatch(/not on this device/);
    expect(cloud.calls).toEqual([]);
  });

  it("is imported without a browser, by name and by default", () => {
    expect(UppySpacesByDefault).toBe(UppySpaces);
    expect(typeof globalThis.window).toBe("undefined");
  });
});
