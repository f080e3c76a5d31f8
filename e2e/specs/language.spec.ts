import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Locator, Page } from "@playwright/test";
import { expectAccessible } from "../harness/accessible.ts";
import { generateWav, MiB } from "../harness/audio-files.ts";
import { expect, test } from "../harness/test.ts";

const LANGUAGES = [
  {
    tag: "de",
    dir: "ltr",
    widget: "Audio hochladen",
    choose: "Audiodateien auswählen",
    uploads: "Uploads",
    pause: "{name} pausieren",
    resume: "{name} fortsetzen",
    paused: "Pausiert",
    refused: "Nicht hinzugefügte Dateien",
    empty: "Die Datei ist leer",
    details: "Einzelheiten",
    uploaded: "1 Datei hochgeladen",
    quota: "Ihr Speicher",
  },
  {
    tag: "ar",
    dir: "rtl",
    widget: "رفع ملفات صوتية",
    choose: "اختيار ملفات صوتية",
    uploads: "عمليات الرفع",
    pause: "إيقاف {name} مؤقتًا",
    resume: "استئناف {name}",
    paused: "متوقف مؤقتًا",
    refused: "ملفات لم تُضف",
    empty: "الملف فارغ",
    details: "التفاصيل",
    uploaded: "تم رفع 1 ملف",
    quota: "مساحة تخزينك",
  },
] as const;

const WIDTHS = { phone: 320, window: 1280 };

test.use({ viewport: { width: WIDTHS.phone, height: 640 }, hasTouch: true, isMobile: true });

/** Texts that reach into what is beside them. */
function findOverlong(widget: Element): string[] {
  return [...widget.querySelectorAll<HTMLElement>("*")]
    .filter((element) => {
      const { display, overflowX } = getComputedStyle(element);
      const isBox = !display.startsWith("inline") && display !== "contents" && overflowX === "visible";
      return isBox && element.scrollWidth > element.clientWidth + 1;
    })
    .map((element) => `${element.className}: ${element.textContent}`);
}

/** Nothing is wider than the page, and no button than what it is in: what is too wide there is cut off, and scrolls nothing. */
async function expectToFit(page: Page, widget: Locator): Promise<void> {
  const width = page.viewportSize()?.width ?? 0;
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  expect(await widget.evaluate(findOverlong)).toEqual([]);
  const frame = await widget.boundingBox();
  if (frame === null) throw new Error("the widget is not seen");
  for (const button of await widget.getByRole("button").all()) {
    const box = await button.boundingBox();
    if (box === null) continue;
    const label = (await button.getAttribute("aria-label")) ?? (await button.textContent());
    expect(box.x, `left edge of “${label}”`).toBeGreaterThanOrEqual(frame.x);
    expect(box.x + box.width, `right edge of “${label}”`).toBeLessThanOrEqual(frame.x + frame.width);
  }
}

/** Files of languages, which have their tags for names. */
function languagesIn(url: string): string[] {
  const [, tag] = /\/assets\/([a-z]{2}(?:-[A-Za-z]+)?)-[\w-]{8}\.js$/.exec(url) ?? [];
  return tag === undefined ? [] : [tag];
}

async function chooseLanguage(page: Page, tag: string): Promise<void> {
  await page.getByRole("combobox", { name: "Language of the uploads" }).selectOption(tag);
}

/** In a script that is not English's, what is not translated is easily seen. */
async function expectOnlyThisLanguage(widget: Locator, dir: "ltr" | "rtl"): Promise<void> {
  if (dir === "ltr") return;
  const texts = await widget.evaluate((element) =>
    [...element.querySelectorAll("*")].flatMap((each) => [
      ...Array.from(each.childNodes, (node) => (node.nodeType === Node.TEXT_NODE ? node.nodeValue : null)),
      each.getAttribute("aria-label"),
      each.getAttribute("aria-valuetext"),
      each.getAttribute("placeholder"),
    ]),
  );
  const names = /Probe – תיקון \(3\)\.wav|empty\.mp3|MP3|WAV|M4A|FLAC|OGG|OPUS/g;
  const foreign = texts.filter((text) => /[A-Za-z]{3,}/.test(text?.replaceAll(names, "") ?? ""));
  expect(foreign).toEqual([]);
}

for (const words of LANGUAGES) {
  test(`in ${words.tag}, a file is uploaded, paused and resumed by what it is called there`, async ({
    uploads,
    stack,
    folder,
    expectStored,
  }, info) => {
    const { page } = uploads;
    const file = await generateWav(folder, "Probe – תיקון (3).wav", 64 * MiB);
    // It is written both ways: kept together, it leaves the sentence around it in order.
    const named = (text: string) => text.replace("{name}", `\u2068${file.name}\u2069`);
    const widget = page.getByRole("region", { name: words.widget });
    const isFine = async (state: string) => {
      for (const [look, width] of Object.entries(WIDTHS)) {
        await page.setViewportSize({ width, height: 640 });
        await expectToFit(page, widget);
        const path = info.outputPath(`${state}-${look}.png`);
        await page.screenshot({ path, fullPage: true, animations: "disabled" });
      }
      await page.setViewportSize({ width: WIDTHS.phone, height: 640 });
      await expectAccessible(page, `${state}, in ${words.tag}`);
    };
    const loaded: string[] = [];
    page.on("request", (request) => void loaded.push(...languagesIn(request.url())));
    await uploads.signIn("alpha");
    expect(loaded).toEqual([]);
    await chooseLanguage(page, words.tag);
    await expect(page.locator("html")).toHaveAttribute("dir", words.dir);
    await expect(page.locator("html")).toHaveAttribute("lang", words.tag);
    expect(loaded).toEqual([words.tag]);
    // It is what this person chose the last time, too.
    await page.reload();

    await expect(widget).toHaveAttribute("lang", words.tag);
    await expect(widget.getByRole("button", { name: words.choose })).toBeVisible();
    await expect(page.getByRole("meter", { name: words.quota })).toBeVisible();
    await expect(page.getByText(words.details, { exact: true })).toBeVisible();
    expect(await widget.evaluate((element) => getComputedStyle(element).direction)).toBe(words.dir);
    await isFine("empty");

    stack.storeLane.limit(MiB / 2);
    const input = widget.locator(".uppy-Dashboard-input:not([webkitdirectory])").first();
    const empty = join(folder, "empty.mp3");
    await writeFile(empty, "");
    await input.setInputFiles([file.path, empty]);
    const row = widget
      .getByRole("list", { name: words.uploads, exact: true })
      .getByRole("listitem", { name: file.name, exact: true });
    await expect(row).toHaveAttribute("data-status", "uploading");
    const refused = widget.getByRole("list", { name: words.refused }).getByRole("listitem");
    await expect(refused).toContainText(words.empty);
    await expectOnlyThisLanguage(widget, words.dir);
    await isFine("uploading");

    await row.getByRole("button", { name: named(words.pause), exact: true }).click();
    await expect(row).toHaveAttribute("data-status", "paused");
    await expect(row).toContainText(words.paused);
    await isFine("paused");

    stack.storeLane.limit(null);
    await row.getByRole("button", { name: named(words.resume), exact: true }).click();
    await expect(row).toHaveAttribute("data-status", "done", { timeout: 60_000 });
    await expect(widget).toContainText(words.uploaded);
    await expect(uploads.libraryFile(file.name)).toBeVisible();
    await isFine("uploaded");
    expectStored(file);
  });
}

test("a language that cannot be loaded leaves the widget usable, and in English", async ({ uploads }) => {
  const { page } = uploads;
  await page.route(/\/assets\/de-/, (route) => route.abort());
  await uploads.signIn("alpha");
  await chooseLanguage(page, "de");
  await page.reload();
  await uploads.isReady();
  await expect(uploads.widget).toHaveAttribute("dir", "ltr");
  await page.unroute(/\/assets\/de-/);
  await page.reload();
  await expect(page.getByRole("region", { name: "Audio hochladen" })).toBeVisible();
});

test("every language fits on a narrow phone while a file is uploaded and another is refused", async ({
  uploads,
  stack,
  folder,
}, info) => {
  const { page } = uploads;
  const file = await generateWav(folder, "lecture.wav", 64 * MiB);
  const empty = join(folder, "empty.mp3");
  await writeFile(empty, "");
  await uploads.signIn("alpha");
  stack.storeLane.limit(MiB / 4);
  await uploads.pick([file.path, empty]);
  await uploads.reaches(file.name, "uploading");
  const languages = page.getByRole("combobox", { name: "Language of the uploads" }).getByRole("option");
  const tags = await languages.evaluateAll((options) =>
    options.map((option) => option.getAttribute("value")),
  );
  expect(tags).toHaveLength(12);
  for (const tag of [...tags.slice(1), "en"]) {
    await chooseLanguage(page, tag ?? "");
    const widget = page.locator(`.at-uploader[lang^="${tag}"]`);
    await expect(widget).toBeVisible();
    await expectToFit(page, widget);
    const path = info.outputPath(`${tag}.png`);
    await page.screenshot({ path, fullPage: true, animations: "disabled" });
  }
  stack.storeLane.limit(null);
  await uploads.press("Cancel", file.name);
  await expect(uploads.row(file.name)).toHaveCount(0);
});
