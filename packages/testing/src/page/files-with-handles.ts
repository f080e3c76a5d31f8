import type { Page } from "@playwright/test";
import type { UploadsPage } from "./uploads-page.ts";

/** What is used of the browser's own files; TypeScript knows little of it. */
interface OwnFiles {
  getFileHandle: (name: string, options?: { create: boolean }) => Promise<OwnFile>;
  removeEntry: (name: string) => Promise<void>;
}
interface OwnFile {
  getFile: () => Promise<File>;
  createWritable: (options?: {
    keepExistingData: boolean;
  }) => Promise<
    WritableStream & { write: (change: { type: "write"; position: number; data: string }) => Promise<void> }
  >;
}

/**
 * Files that the browser gives real handles of without a window of the system's: those in its own file system. Nobody can drop them,
 * so a drop is made that says of a file that this is its handle.
 */
export class FilesWithHandles {
  readonly #page: Page;
  readonly #uploads: UploadsPage;

  constructor(uploads: UploadsPage) {
    this.#uploads = uploads;
    this.#page = uploads.page;
  }

  /** Copies a file of this machine there. */
  async copy(file: { name: string; path: string }): Promise<void> {
    const page = this.#page;
    await page.evaluate(() => {
      const input = Object.assign(document.createElement("input"), { type: "file", id: "to-be-copied" });
      document.body.append(input);
    });
    await page.locator("#to-be-copied").setInputFiles(file.path);
    await page.evaluate(async (name) => {
      const input = document.querySelector<HTMLInputElement>("#to-be-copied");
      const own = (await navigator.storage.getDirectory()) as unknown as OwnFiles;
      const handle = await own.getFileHandle(name, { create: true });
      await input?.files?.[0]?.stream().pipeTo(await handle.createWritable());
      input?.remove();
    }, file.name);
  }

  async drop(name: string): Promise<void> {
    const entrance = this.#uploads.widget.locator(".uppy-Dashboard-AddFiles").first();
    await entrance.evaluate(async (element, name) => {
      const own = (await navigator.storage.getDirectory()) as unknown as OwnFiles;
      const handle = await own.getFileHandle(name);
      const dataTransfer = new DataTransfer();
      const item = dataTransfer.items.add(await handle.getFile());
      Object.defineProperty(DataTransferItem.prototype, "getAsFileSystemHandle", {
        configurable: true,
        value: async () => handle,
      });
      if (item === null) throw new Error("the browser takes no files");
      element.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer }));
    }, name);
  }

  /** Makes it longer: of files that are only in memory, as a private window's are, the browser keeps no date of change. */
  async change(name: string): Promise<void> {
    await this.#page.evaluate(async (name) => {
      const own = (await navigator.storage.getDirectory()) as unknown as OwnFiles;
      const handle = await own.getFileHandle(name);
      const { size } = await handle.getFile();
      const writable = await handle.createWritable({ keepExistingData: true });
      await writable.write({ type: "write", position: size, data: "!" });
      await writable.close();
    }, name);
  }

  async remove(name: string): Promise<void> {
    await this.#page.evaluate(async (name) => {
      const own = (await navigator.storage.getDirectory()) as unknown as OwnFiles;
      await own.removeEntry(name);
    }, name);
  }

  /** From the next page on, handles are only good once a person has been asked, and that only in the turn of a click. */
  async needPermission(): Promise<void> {
    await this.#page.addInitScript(() => {
      let isGranted = false;
      const answers = {
        queryPermission: () => (isGranted ? "granted" : "prompt"),
        requestPermission: () => grant(),
      };
      const grant = () => {
        isGranted ||= navigator.userActivation.isActive;
        return isGranted ? "granted" : "denied";
      };
      for (const [name, answer] of Object.entries(answers)) {
        Object.defineProperty(FileSystemHandle.prototype, name, { value: async () => answer() });
      }
    });
  }
}
