import { readFile } from "node:fs/promises";
import type { FlightRecord } from "@audiotricks/uppy-spaces";
import { expect, type Locator, type Page } from "@playwright/test";
import type { Login } from "../truth/account.ts";

/** A limit for what hangs: a busy machine is slow, not wrong. */
const PATIENCE_MS = 60_000;

/** The demo as a person uses it, by the roles and names that `docs/test-contract.md` promises. */
export class UploadsPage {
  readonly page: Page;
  readonly widget: Locator;
  readonly files: Locator;
  readonly refused: Locator;
  readonly unfinished: Locator;
  /** What is asked where not all files fit. */
  readonly choice: Locator;
  readonly library: Locator;
  readonly #address: string;
  /** Part numbers of every PUT to the store so far, in order; a file that goes whole is part 1. */
  readonly partsBegun: number[] = [];
  /** Those that the store answered with a success. */
  readonly partsStored: number[] = [];
  /** How often the companion was asked to begin uploads. */
  sessionsAsked = 0;

  /** @param address Where the demo is served. @param label The widget's, where it has another. */
  constructor(page: Page, address: string, label = "Upload audio") {
    this.page = page;
    this.#address = address;
    this.widget = page.getByRole("region", { name: label, exact: true });
    this.files = this.widget.getByRole("list", { name: "Uploads", exact: true });
    this.refused = this.widget.getByRole("list", { name: "Files not added" });
    this.unfinished = this.widget.getByRole("list", { name: "Unfinished uploads" });
    this.choice = this.widget.getByRole("region", { name: "Choose what to upload" });
    this.library = page.getByRole("region", { name: /^Files in / });
    page.on("request", (request) => {
      if (request.method() === "POST" && request.url().endsWith("/v1/uploads")) this.sessionsAsked += 1;
      if (request.method() === "PUT") this.partsBegun.push(partNumberOf(request.url()));
    });
    // When the page has the whole answer: one whose headers came as it was paused is a part in flight to it, and sent again.
    page.on("requestfinished", (request) => {
      if (request.method() === "PUT" && request.existingResponse()?.ok() === true) {
        this.partsStored.push(partNumberOf(request.url()));
      }
    });
    // The engine asks before a page with uploads is left; a person who reloads says yes.
    page.on("dialog", (dialog) => void dialog.accept());
  }

  async signIn(login: Login): Promise<void> {
    await this.page.goto(this.#address);
    await this.page.getByRole("button", { name: `Sign in as ${login}` }).click();
    await this.isReady();
  }

  async isReady(): Promise<void> {
    await expect(this.widget.getByRole("button", { name: "Choose audio files" })).toBeVisible();
  }

  async chooseSpace(name: string): Promise<void> {
    await this.page.getByRole("combobox", { name: "Workspace" }).selectOption({ label: name });
    await expect(this.page.getByRole("heading", { name: `Files in ${name}` })).toBeVisible();
    await this.isReady();
  }

  /** As through the file picker. */
  async pick(files: string | string[] | { name: string; mimeType: string; buffer: Buffer }): Promise<void> {
    await this.widget.locator(".uppy-Dashboard-input:not([webkitdirectory])").first().setInputFiles(files);
  }

  /** As from the system's file manager. */
  async drop(...files: { path: string }[]): Promise<void> {
    const { page } = this;
    const input = await page.evaluateHandle(() =>
      Object.assign(document.createElement("input"), { type: "file", multiple: true }),
    );
    await input.asElement()?.setInputFiles(files.map(({ path }) => path));
    await this.widget
      .locator(".uppy-Dashboard-AddFiles")
      .first()
      .evaluate((entrance, { files }) => {
        const dataTransfer = new DataTransfer();
        for (const file of files ?? []) dataTransfer.items.add(file);
        for (const type of ["dragover", "drop"]) {
          entrance.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }));
        }
      }, input);
    await input.dispose();
  }

  /** Of the files in the list, as it is now. */
  async names(): Promise<string[]> {
    return await this.files.getByRole("listitem").locator(".at-row-name").allInnerTexts();
  }

  row(name: string): Locator {
    return this.files.getByRole("listitem", { name, exact: true });
  }

  /** Of a file that was not added: `data-code` says why. */
  refusal(name: string): Locator {
    return this.refused.getByRole("listitem", { name, exact: true });
  }

  /** Names of the files to choose from, in order, and whether each is said to fit: `"a.wav fits"`. */
  async choices(): Promise<string[]> {
    return await this.choice
      .getByRole("listitem")
      .evaluateAll((rows) => rows.map((row) => `${row.ariaLabel} ${row.getAttribute("data-status")}`));
  }

  async press(action: "Pause" | "Resume" | "Cancel" | "Retry", name: string): Promise<void> {
    await this.row(name)
      .getByRole("button", { name: `${action} ${name}`, exact: true })
      .click();
  }

  async reaches(name: string, status: string, timeout = PATIENCE_MS): Promise<void> {
    await expect(this.row(name)).toHaveAttribute("data-status", status, { timeout });
  }

  /** Bytes that the page says are sent. */
  async sentBytes(name: string): Promise<number> {
    return Number(await this.row(name).getByRole("progressbar", { name, exact: true }).getAttribute("value"));
  }

  async hasStoredParts(atLeast: number): Promise<void> {
    await expect
      .poll(() => this.partsStored.length, { timeout: PATIENCE_MS, intervals: [20] })
      .toBeGreaterThanOrEqual(atLeast);
  }

  /** What the upload of a file did and waited for so far. The page needs an `<UploadDebugDrawer>`. */
  async flightRecord(name: string): Promise<FlightRecord> {
    const drawer = this.page.locator("details.at-debug");
    if ((await drawer.getAttribute("open")) === null) await drawer.locator(":scope > summary").click();
    const button = drawer.getByRole("button", { name: `Export JSON of ${name}`, exact: true });
    const [download] = await Promise.all([this.page.waitForEvent("download"), button.first().click()]);
    return JSON.parse(await readFile(await download.path(), "utf8"));
  }

  /** How many parts were begun, and the numbers of those that are stored: what comes later is told apart from it. */
  partsSoFar(): { begun: number; stored: number[] } {
    return { begun: this.partsBegun.length, stored: [...this.partsStored] };
  }

  /** Begins to write down every value that the progress bar of a file takes. */
  async watchProgress(name: string): Promise<void> {
    await this.page.evaluate((label) => {
      const seen: number[] = [];
      Object.assign(window, { seenProgress: seen });
      setInterval(() => {
        for (const bar of document.querySelectorAll("progress")) {
          if (bar.getAttribute("aria-label") === label && bar.value !== seen.at(-1)) seen.push(bar.value);
        }
      }, 20);
    }, name);
  }

  async seenProgress(): Promise<number[]> {
    return await this.page.evaluate(() => (window as unknown as { seenProgress: number[] }).seenProgress);
  }

  meter(name: string): Locator {
    return this.page.getByRole("meter", { name });
  }

  /** How far the player of a stored file is. @throws If it cannot play it. */
  async playedSeconds(name: string): Promise<number> {
    return await this.libraryFile(name)
      .locator("audio")
      .evaluate((audio: HTMLAudioElement) => {
        if (audio.error !== null) throw new Error(`It cannot be played: ${audio.error.message}`);
        return audio.currentTime;
      });
  }

  libraryFile(name: string): Locator {
    return this.library.getByRole("listitem", { name, exact: true });
  }
}

function partNumberOf(url: string): number {
  return Number(new URL(url).searchParams.get("partNumber") ?? 1);
}
