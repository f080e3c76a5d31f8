import type { Settings, Upload } from "./contender.ts";
import { cutFiles } from "./cut-files.ts";

/** By the name that `src/contenders` gives them; each page loads one alone. */
const CONTENDERS: Record<string, () => Promise<(settings: Settings) => Upload>> = {
  engine: async () => (await import("./contenders/engine.ts")).prepare,
  ceiling: async () => (await import("./contenders/ceiling.ts")).prepare,
  "uppy-6.3.1": async () => (await import("./contenders/uppy-6.ts")).prepare,
  "uppy-5.1.0": async () => (await import("@audiotricks/bench-uppy-5")).prepare,
  "better-upload": async () => (await import("./contenders/better-upload.ts")).prepare,
  tus: async () => (await import("./contenders/tus.ts")).prepare,
};

let upload: Upload | undefined;
let files: File[] = [];

const bench = {
  /** All that is not to be measured. */
  async prepare(contender: string, settings: Settings, count: number, size: number): Promise<void> {
    const source = document.querySelector("input")?.files?.[0];
    const load = CONTENDERS[contender];
    if (source === undefined || load === undefined) throw new Error(`no file, or no contender ${contender}`);
    files = await cutFiles(source, count, size);
    upload = (await load())(settings);
  },
  /** @returns Seconds. */
  async run(): Promise<number> {
    if (upload === undefined) throw new Error("not prepared");
    const begunAt = performance.now();
    await upload(files);
    return (performance.now() - begunAt) / 1000;
  },
};

export type Bench = typeof bench;
Object.assign(window, { bench });
