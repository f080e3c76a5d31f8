import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Account } from "@audiotricks/testing/account";
import { wipe } from "@audiotricks/testing/audit";
import type { Locator, Page } from "@playwright/test";
import { expectAccessible } from "../harness/accessible.ts";
import { fixture, generateWav, MiB } from "../harness/audio-files.ts";
import { audited, expect, test } from "../harness/test.ts";

const NAMES = ["chord.mp3", "chord.wav", "chord.m4a", "chord.flac", "chord.ogg", "chord.opus"];

const playerIn = (row: Locator) => row.locator(".at-player");
const drawingIn = (row: Locator) => row.locator(".at-wave path").first();
/** How often something that decodes was loaded. */
function countDecoders(page: Page): () => number {
  let count = 0;
  page.on("worker", (worker) => {
    if (worker.url().includes("waveform-worker")) count += 1;
  });
  return () => count;
}

test("draws each of the six types while it is sent, plays it from where it lies, and keeps the waveform", async ({
  uploads,
  page,
  address,
  stack,
}) => {
  const files = await Promise.all(NAMES.map(fixture));
  const decoders = countDecoders(page);
  await uploads.signIn("alpha");
  await page.goto(`${address}/?waveforms`);
  await uploads.isReady();
  stack.storeLane.limit(4 * 1024);
  await uploads.pick(files.map(({ path }) => path));

  const drawings = new Map<string, string | null>();
  for (const { name } of files) {
    const row = uploads.row(name);
    // At 4 KiB a second for all of them, one may have to wait for its turn to be read.
    await expect(playerIn(row)).toHaveAttribute("data-waveform", "done", { timeout: 90_000 });
    drawings.set(name, await drawingIn(row).getAttribute("d"));
    // At once: by the time the last one has had its turn, the first may have been sent.
    if (name === "chord.wav") await expect(row).toHaveAttribute("data-status", "uploading");
  }
  expect(decoders()).toBe(1);
  // One chord, whatever it is written in: much the same picture.
  for (const drawing of drawings.values()) expect(drawing?.match(/M/g)).toHaveLength(150);
  await expectAccessible(page, "waveforms of files that are sent");

  for (const { name } of files) {
    const row = uploads.row(name);
    const button = row.getByRole("button", { name: `Play ${name}`, exact: true });
    const slider = row.getByRole("slider", { name: `Position in ${name}`, exact: true });
    await button.focus();
    await page.keyboard.press("Enter");
    await expect(button).toHaveAttribute("aria-pressed", "true");
    await expect
      .poll(() => row.locator("audio").evaluate((audio: HTMLAudioElement) => audio.currentTime))
      .toBeGreaterThan(0);
    await page.keyboard.press("Enter");
    await expect(button).toHaveAttribute("aria-pressed", "false");
    await slider.focus();
    await page.keyboard.press("End");
    await expect(slider).toHaveAttribute("aria-valuetext", "0:04 of 0:04");
    await page.keyboard.press("Home");
    await expect(slider).toHaveAttribute("aria-valuetext", "0:00 of 0:04");
  }

  stack.storeLane.limit(null);
  for (const { name } of files) await uploads.reaches(name, "done");
  const alpha = await Account.signIn(stack.server.url, "alpha");
  const drawn = async () => (await alpha.files()).filter((file) => "waveform" in file).length;
  await expect.poll(drawn).toBe(files.length);
  const used = (await alpha.quotas()).find(({ scope }) => scope === "user");
  expect(used?.usedFiles).toBe(2 * files.length);

  const again = countDecoders(page);
  await page.reload();
  await uploads.isReady();
  for (const { name } of files) {
    const row = uploads.libraryFile(name);
    await row.getByRole("button", { name: `Play ${name}`, exact: true }).click();
    await expect(playerIn(row)).toHaveAttribute("data-waveform", "done");
    expect(await drawingIn(row).getAttribute("d")).toBe(drawings.get(name));
    await row.getByRole("button", { name: `Close player of ${name}`, exact: true }).click();
  }
  expect(again()).toBe(0);

  // With each file goes its waveform: afterwards nothing is left and nothing counted.
  await wipe(audited(stack));
});

test("says in a code why a file has no waveform, and uploads it all the same", async ({
  uploads,
  page,
  address,
  folder,
  stack,
}) => {
  const whole = await generateWav(folder, "whole.wav", MiB);
  // Compressed in a way that no browser decodes.
  const bytes = Buffer.alloc(200_000, 0x5a);
  bytes.write("RIFF\0\0\0\0WAVEfmt ", 0, "latin1");
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.writeUInt32LE(20, 16);
  bytes.writeUInt16LE(0x11, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(44_100, 24);
  bytes.writeUInt32LE(22_050, 28);
  bytes.writeUInt16LE(512, 32);
  bytes.writeUInt16LE(4, 34);
  bytes.writeUInt32LE(0x01f9_0002, 36);
  bytes.write("data", 40, "latin1");
  bytes.writeUInt32LE(bytes.length - 48, 44);
  const odd = join(folder, "odd.wav");
  await writeFile(odd, bytes);

  await uploads.signIn("alpha");
  await page.goto(`${address}/?waveforms`);
  await uploads.isReady();
  await uploads.pick([odd, whole.path]);
  const player = playerIn(uploads.row("odd.wav"));
  await expect(player).toHaveAttribute("data-waveform", "none");
  await expect(player).toHaveAttribute("data-reason", /^(no_decoder|unreadable)$/);
  await expect(playerIn(uploads.row("whole.wav"))).toHaveAttribute("data-waveform", "done");
  for (const name of ["odd.wav", "whole.wav"]) await uploads.reaches(name, "done");
  await uploads.row("odd.wav").getByRole("button", { name: "Play odd.wav" }).click();
  await expect(uploads.row("odd.wav").getByRole("alert")).toHaveText("It cannot be played here.");
  const alpha = await Account.signIn(stack.server.url, "alpha");
  await expect.poll(async () => (await alpha.files()).filter((file) => "waveform" in file).length).toBe(1);
  await wipe(audited(stack));
});
