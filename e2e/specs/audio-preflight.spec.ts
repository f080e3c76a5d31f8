import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { wavBytes } from "@audiotricks/testing/audio";
import { wipe } from "@audiotricks/testing/audit";
import type { Locator } from "@playwright/test";
import { expectAccessible } from "../harness/accessible.ts";
import { fixture, generateWav, type LocalFile, MiB } from "../harness/audio-files.ts";
import { dropPaths } from "../harness/drop-paths.ts";
import { audited, expect, test } from "../harness/test.ts";

/** Ten times what is wanted: the machine does other things as well. Looking into 3,000 files on the page would take seconds. */
const LONGEST_TASK_MS = 500;

/** A rule that nothing breaks: uploads wait for what is in a file, however busy the machine is. */
const PATIENT = `?rules=${encodeURIComponent(JSON.stringify({ maxDurationSeconds: 86_400 }))}`;

/** Bytes of a WAV of the generator that last so many seconds. */
const wavOf = (seconds: number) => 44 + seconds * 44_100 * 4;

async function hasCover(row: Locator): Promise<void> {
  const canvas = row.locator("canvas");
  await expect(canvas).toBeVisible();
  const colours = await canvas.evaluate((element: HTMLCanvasElement) => {
    const pixels = element.getContext("2d")?.getImageData(0, 0, element.width, element.height).data ?? [];
    return new Set(Array.from(pixels, (value, index) => (index % 4 === 0 ? value : 0))).size;
  });
  // It is noise.
  expect(colours).toBeGreaterThan(20);
}

test("says of every format what is in a file, and shows its cover", async ({
  uploads,
  page,
  address,
  expectStored,
}) => {
  const lines = {
    "chord-with-cover.mp3": "0:04 · MP3 · 22.05 kHz · mono",
    "chord.wav": "0:04 · WAV · 22.05 kHz · 16 bit · mono",
    "chord.m4a": "0:04 · AAC · 22.05 kHz · mono",
    "chord.flac": "0:04 · FLAC · 22.05 kHz · 16 bit · mono",
    "chord.ogg": "0:04 · Vorbis · 22.05 kHz · mono",
    "chord.opus": "0:04 · Opus · 48 kHz · mono",
  };
  const files = await Promise.all(Object.keys(lines).map(fixture));
  await uploads.signIn("alpha");
  await page.goto(`${address}/${PATIENT}`);
  await uploads.isReady();
  await uploads.pick(files.map(({ path }) => path));
  for (const [name, line] of Object.entries(lines)) {
    await expect(uploads.row(name).locator(".at-row-facts")).toHaveText(line);
    await expect(uploads.row(name).locator(".at-row-title")).toHaveText("Chord");
    await uploads.reaches(name, "done");
  }
  await hasCover(uploads.row("chord-with-cover.mp3"));
  await expect(uploads.row("chord.wav").locator("canvas")).toHaveCount(0);
  await expectAccessible(uploads.page, "files with facts and a cover");
  expectStored(...files);
});

test("refuses before a byte moves what is not what its name says, and warns of what is cut short", async ({
  uploads,
  page,
  folder,
  address,
  expectStored,
}) => {
  const lying = join(folder, "mix.wav");
  await copyFile((await fixture("chord.mp3")).path, lying);
  const garbage = join(folder, "garbage.flac");
  await writeFile(garbage, new Uint8Array(200_000).fill(0xa5));
  await uploads.signIn("alpha");
  await page.goto(`${address}/${PATIENT}`);
  await uploads.isReady();
  await uploads.pick([lying, garbage]);

  const refusedRow = (name: string) => uploads.refused.getByRole("listitem", { name });
  await expect(refusedRow("mix.wav")).toHaveAttribute("data-code", "wrong_type");
  await expect(refusedRow("mix.wav")).toContainText("This is MP3 audio named .wav");
  await expect(refusedRow("mix.wav")).toContainText("Rename it to .mp3, or export it as WAV.");
  await expect(refusedRow("garbage.flac")).toHaveAttribute("data-code", "unrecognised");
  await expect(uploads.files).toHaveCount(0);
  expect(uploads.sessionsAsked).toBe(0);
  expect(uploads.partsBegun).toEqual([]);

  const whole = await generateWav(folder, "whole.wav", 2 * MiB);
  const cut = join(folder, "cut.wav");
  await writeFile(cut, (await readFile(whole.path)).subarray(0, 1 * MiB));
  await uploads.pick(cut);
  await uploads.reaches("cut.wav", "done");
  const warning = uploads.row("cut.wav").locator(".at-row-warning");
  await expect(warning).toHaveAttribute("data-code", "cut_short");
  await expect(warning).toContainText(
    "This WAV is cut short. It should hold 2 MB of sound, and 1 MB are there.",
  );
  await expectAccessible(uploads.page, "files that are refused and one that is warned of");
  const bytes = await readFile(cut);
  expectStored({ name: "cut.wav", size: bytes.length, sha256: await sha256(bytes) });
});

test("holds files to the page's rules, with the numbers", async ({
  uploads,
  page,
  folder,
  address,
  expectStored,
}) => {
  const rules = { sampleRate: 48_000, maxDurationSeconds: 3, severity: { too_long: "warn" } };
  const wrong = await generateWav(folder, "44k.wav", wavOf(2));
  const right = await fixture("chord.opus");
  await uploads.signIn("alpha");
  await page.goto(`${address}/?rules=${encodeURIComponent(JSON.stringify(rules))}`);
  await uploads.isReady();
  await uploads.pick([wrong.path, right.path]);
  const refused = uploads.refused.getByRole("listitem", { name: "44k.wav" });
  await expect(refused).toHaveAttribute("data-code", "sample_rate");
  await expect(refused).toContainText("Sample rate: 44.1 kHz");
  await expect(refused).toContainText("Asked for here: 48 kHz.");
  await uploads.reaches(right.name, "done");
  await expect(uploads.row(right.name).locator(".at-row-warning")).toContainText(
    "It lasts 0:04; at most 0:03 is allowed here.",
  );
  expect(uploads.partsBegun).toHaveLength(1);
  expectStored(right);
});

test("offers stems as one, says what is odd and what is missing, and keeps the folders they came from", async ({
  uploads,
  address,
  folder,
  expectStored,
}) => {
  const place = join(folder, "Halo");
  await mkdir(join(place, "notes"), { recursive: true });
  const files: LocalFile[] = [];
  for (const [index, name] of ["01 Kick.wav", "02 Snare.wav", "04 Bass.wav", "05 Keys.wav"].entries()) {
    files.push(await generateWav(place, name, wavOf(index === 3 ? 7 : 6), index));
  }
  const memo = await generateWav(join(place, "notes"), "memo.wav", wavOf(1), 9);
  await uploads.signIn("alpha");
  await uploads.page.goto(`${address}/${PATIENT}`);
  await uploads.isReady();
  await dropPaths(uploads.widget.locator(".uppy-Dashboard-AddFiles").first(), [place]);

  const stems = uploads.widget.getByRole("region", { name: "Stems of Halo" });
  await expect(stems).toContainText("3 files · 0:06 · 44.1 kHz");
  await expect(stems).toContainText("05 Keys.wav does not match: 0:07.");
  await expect(stems).toContainText("Number 3 is missing.");
  await expect(uploads.row("02 Snare.wav").locator(".at-row-stem")).toHaveText("stem");
  await expect(uploads.row("02 Snare.wav").locator(".at-row-folder")).toHaveText("Halo");
  await expect(uploads.row("memo.wav").locator(".at-row-folder")).toHaveText("Halo/notes");
  await expect(uploads.row("memo.wav").locator(".at-row-stem")).toHaveCount(0);
  await expectAccessible(uploads.page, "stems");
  await uploads.reaches(memo.name, "done");
  expect(uploads.partsBegun).toHaveLength(1);

  await stems.getByRole("button", { name: "Not stems" }).click();
  await expect(stems).toHaveCount(0);
  for (const { name } of files) await uploads.reaches(name, "done");
  await expect(uploads.row("02 Snare.wav").locator(".at-row-stem")).toHaveCount(0);
  expectStored(...files, memo);
});

test("looks into thousands of files without holding up the page or the first upload", async ({
  uploads,
  page,
  stack,
}) => {
  const head = wavBytes(4096);
  await uploads.signIn("alpha");
  stack.storeLane.limit(MiB / 8);
  await page.evaluate(
    (bytes) => {
      const transfer = new DataTransfer();
      for (let index = 0; index < 3000; index += 1) {
        transfer.items.add(new File([Uint8Array.from(bytes)], `take ${index}.wav`, { type: "audio/wav" }));
      }
      Object.assign(window, { transfer });
    },
    [...head],
  );
  await page.evaluate(() => {
    const longTasks: number[] = [];
    Object.assign(window, { longTasks });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) longTasks.push(Math.round(duration));
    }).observe({ type: "longtask" });
  });
  const entrance = uploads.widget.locator(".uppy-Dashboard-AddFiles").first();
  await entrance.evaluate((element) => {
    const { transfer } = window as unknown as { transfer: DataTransfer };
    // In a task of its own, as the browser's are.
    const drop = new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: transfer });
    setTimeout(() => element.dispatchEvent(drop));
  });
  await expect.poll(() => uploads.partsBegun.length, { intervals: [20] }).toBeGreaterThan(0);
  await expect(uploads.row("take 0.wav").locator(".at-row-facts")).toHaveText(
    "0:00 · WAV · 44.1 kHz · 16 bit · stereo",
  );
  const box = uploads.widget.getByRole("group", { name: "All uploads" });
  await box.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  // Its turn to be uploaded is far off; it is in sight.
  await expect(uploads.row("take 2999.wav").locator(".at-row-facts")).toBeVisible();
  await expect(uploads.row("take 2999.wav")).toHaveAttribute("data-status", "queued");
  const longTasks = await page.evaluate(() => (window as unknown as { longTasks: number[] }).longTasks);
  expect(longTasks.filter((duration) => duration > LONGEST_TASK_MS)).toEqual([]);
  await page.close();
  // What was being completed may still be.
  await expect(() => wipe(audited(stack))).toPass();
});

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return Buffer.from(await crypto.subtle.digest("SHA-256", bytes)).toString("hex");
}
