import { join } from "node:path";
import type { UploadsPage } from "@audiotricks/testing/uploads-page";
import type { Locator } from "@playwright/test";
import { expectAccessible, expectAccessibleInForcedColours } from "../harness/accessible.ts";
import { type LocalFile, localFile } from "../harness/audio-files.ts";
import { expect, test } from "../harness/test.ts";

// It beeps once a second.
test.use({ browserArgs: ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"] });

test("records by keyboard alone, plays it, and stores it as a file that is accepted", async ({
  uploads,
  page,
  folder,
  expectStored,
}) => {
  const loaded: string[] = [];
  page.on("request", (request) => loaded.push(new URL(request.url()).pathname));
  const isLoaded = () => loaded.some((path) => path.includes("/recorder-"));
  await uploads.signIn("alpha");
  expect(isLoaded()).toBe(false);

  await uploads.widget.getByRole("button", { name: "Record from the microphone" }).focus();
  await page.keyboard.press("Enter");
  const recorder = uploads.widget.getByRole("region", { name: "Recorder" });
  await expect(recorder).toHaveAttribute("data-status", "ready");
  expect(isLoaded()).toBe(true);
  await expect(recorder.getByRole("button", { name: "Start recording" })).toBeFocused();
  await expectAccessible(page, "a recorder that is ready");
  await page.keyboard.press("Enter");
  await expect(recorder).toHaveAttribute("data-status", "recording");
  await expect(recorder.getByRole("button", { name: "Stop recording" })).toBeFocused();
  await expect(recorder.getByRole("timer")).toHaveText(/^0:0[2-9]$/);
  await expectAccessible(page, "a recorder that records");
  await page.keyboard.press("Enter");
  await expect(recorder).toHaveAttribute("data-status", "recorded");
  const upload = recorder.getByRole("button", { name: "Upload the recording" });
  await expect(upload).toBeFocused();
  await expectAccessible(page, "a recording");
  await expectAccessibleInForcedColours(page, "a recording");

  const play = recorder.getByRole("button", { name: /^Play Recording / });
  await play.click();
  await expect
    .poll(() => recorder.locator("audio").evaluate((audio: HTMLAudioElement) => audio.currentTime))
    .toBeGreaterThan(0.2);
  const { name, file } = await save(recorder, folder);
  expect(name).toMatch(/^Recording \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d\.ogg$/);

  await upload.focus();
  await page.keyboard.press("Enter");
  await uploads.reaches(name, "done");
  await expect(uploads.row(name).locator(".at-row-facts")).toHaveText(/^0:\d\d · Opus · 48 kHz · /);
  await expect(uploads.widget.getByRole("button", { name: "Record from the microphone" })).toBeFocused();
  await expect(uploads.libraryFile(name)).toBeVisible();
  // Byte for byte what was heard before it was sent.
  expectStored(file);
});

const rules = (asked: object) => `?rules=${encodeURIComponent(JSON.stringify(asked))}`;

async function openRecorder(uploads: UploadsPage): Promise<Locator> {
  await uploads.widget.getByRole("button", { name: "Record from the microphone" }).click();
  return uploads.widget.getByRole("region", { name: "Recorder" });
}

test("ends by itself before a recording is longer than is allowed, and it is taken", async ({
  uploads,
  page,
  address,
  folder,
  expectStored,
}) => {
  await uploads.signIn("alpha");
  await page.goto(`${address}/${rules({ maxDurationSeconds: 3 })}`);
  await uploads.isReady();
  const recorder = await openRecorder(uploads);
  await recorder.getByRole("button", { name: "Start recording" }).click();
  await expect(recorder.getByRole("status").first()).toContainText("It ends by itself at 0:02.");
  await expect(recorder).toHaveAttribute("data-status", "recorded");
  await expect(recorder.getByRole("status").first()).toContainText("a recording may not be longer here");
  const { name, file } = await save(recorder, folder);
  await recorder.getByRole("button", { name: "Upload the recording" }).click();
  await uploads.reaches(name, "done");
  expectStored(file);
});

test("keeps what was recorded when the microphone goes, and when another one comes", async ({
  uploads,
  page,
  folder,
  expectStored,
}) => {
  await page.addInitScript(() => {
    const { mediaDevices } = navigator;
    const ask = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = async (constraints) => {
      const stream = await ask(constraints);
      Object.assign(window, { heard: stream.getAudioTracks()[0] });
      return stream;
    };
  });
  await uploads.signIn("alpha");
  const recorder = await openRecorder(uploads);
  await recorder.getByRole("button", { name: "Start recording" }).click();
  await expect(recorder.getByRole("timer")).toHaveText("0:02");
  await page.evaluate(() => navigator.mediaDevices.dispatchEvent(new Event("devicechange")));
  await expect(recorder.getByRole("timer")).toHaveText("0:03");
  await expect(recorder).toHaveAttribute("data-status", "recording");
  // As when it is pulled out: its track is over, and says so.
  await page.evaluate(() => {
    const { heard } = window as unknown as { heard: MediaStreamTrack };
    heard.stop();
    heard.dispatchEvent(new Event("ended"));
  });
  await expect(recorder).toHaveAttribute("data-status", "recorded");
  await expect(recorder.getByRole("status").first()).toContainText("the microphone went away");
  const { name, file } = await save(recorder, folder);
  await recorder.getByRole("button", { name: "Upload the recording" }).click();
  await uploads.reaches(name, "done");
  await expect(uploads.row(name).locator(".at-row-facts")).toHaveText(/^0:0[34] · Opus/);
  expectStored(file);
});

test("asks before a recording is left, throws it away when told to, and gives the microphone back", async ({
  uploads,
  page,
}) => {
  await page.addInitScript(() => {
    const { mediaDevices } = navigator;
    const ask = mediaDevices.getUserMedia.bind(mediaDevices);
    const streams: MediaStream[] = [];
    Object.assign(window, { streams, slowly: false });
    mediaDevices.getUserMedia = async (constraints) => {
      const stream = await ask(constraints);
      streams.push(stream);
      const isSlow = (window as unknown as { slowly: boolean }).slowly;
      if (isSlow) await new Promise((resolve) => setTimeout(resolve, 500));
      return stream;
    };
  });
  const inUse = () =>
    page.evaluate(() =>
      (window as unknown as { streams: MediaStream[] }).streams.map(({ active }) => active),
    );
  const questions: string[] = [];
  page.on("dialog", (dialog) => questions.push(dialog.type()));
  await uploads.signIn("alpha");
  const recorder = await openRecorder(uploads);
  await recorder.getByRole("button", { name: "Start recording" }).click();
  await expect(recorder.getByRole("timer")).toHaveText("0:01");
  expect(await inUse()).toEqual([true]);
  await recorder.getByRole("button", { name: "Stop recording" }).click();
  await expect(recorder).toHaveAttribute("data-status", "recorded");
  expect(await inUse()).toEqual([false]);
  await recorder.getByRole("button", { name: "Discard" }).click();
  await expect(recorder).toHaveAttribute("data-status", "ready");
  expect(await inUse()).toEqual([false, true]);
  await recorder.getByRole("button", { name: "Close" }).click();
  await expect(uploads.widget.getByRole("button", { name: "Record from the microphone" })).toBeFocused();
  expect(await inUse()).toEqual([false, false]);

  // It is closed while the person is asked, who says yes.
  await page.evaluate(() => Object.assign(window, { slowly: true }));
  await openRecorder(uploads);
  await expect(recorder).toHaveAttribute("data-status", "asking");
  await expect.poll(inUse).toEqual([false, false, true]);
  await recorder.getByRole("button", { name: "Close" }).click();
  await expect.poll(inUse).toEqual([false, false, false]);

  await page.evaluate(() => Object.assign(window, { slowly: false }));
  await openRecorder(uploads);
  await recorder.getByRole("button", { name: "Start recording" }).click();
  await expect(recorder.getByRole("timer")).toHaveText("0:01");
  await page.reload();
  expect(questions).toEqual(["beforeunload"]);
});

/** @returns What the browser saves of it, which is what it would upload. */
async function save(recorder: Locator, folder: string): Promise<{ name: string; file: LocalFile }> {
  const link = recorder.getByRole("link", { name: "Save on this device" });
  const name = (await link.getAttribute("download")) ?? "";
  const [download] = await Promise.all([recorder.page().waitForEvent("download"), link.click()]);
  const path = join(folder, name);
  await download.saveAs(path);
  return { name, file: await localFile(path) };
}
