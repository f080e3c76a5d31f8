// What waveforms add to the time of an upload: `node bench/src/waveforms.ts --help`.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openEmbeddedStack } from "@audiotricks/e2e/embedded-stack";
import { writeWav } from "@audiotricks/testing/audio";
import { CHROMIUM } from "@audiotricks/testing/chromium";
import { chromium } from "@playwright/test";
import { watchFrames } from "./frame-watch.ts";
import { median } from "./median.ts";
import { MiB } from "./workload.ts";

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "4" },
    /** MiB of each. */
    size: { type: "string", default: "100" },
    rounds: { type: "string", default: "5" },
    /** Such a file instead of WAVs: what has to be decoded. */
    file: { type: "string" },
    /** MiB a second of the link to the store; none: as fast as the machine is. */
    rate: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
const USAGE =
  "node bench/src/waveforms.ts [--count 4] [--size 100] [--rounds 5] [--rate 5] [--file song.flac]: demo as built by scripts/build-demo.mjs";
if (values.help) {
  console.log(USAGE);
  process.exit();
}

const folder = await mkdtemp(join(tmpdir(), "at-bench-"));
try {
  const paths = values.file === undefined ? await writeWavs() : [values.file];
  const ratios: { seconds: number[]; cpu: number[] } = { seconds: [], cpu: [] };
  console.log("round  waveforms  seconds  all drawn after  browser CPU, ms");
  for (let round = 0; round < positive(values.rounds); round += 1) {
    const taken = new Map<boolean, Run>();
    // In turns, and each first as often as the other: a machine that warms up, or fills up, is nobody's merit.
    for (const isDrawn of round % 2 === 0 ? [false, true] : [true, false]) {
      const run = await upload(paths, isDrawn);
      taken.set(isDrawn, run);
      const drawn = run.drawnSeconds?.toFixed(2) ?? "–";
      console.log(
        `${String(round + 1).padStart(5)}  ${(isDrawn ? "with" : "without").padEnd(9)}  ${run.seconds.toFixed(2).padStart(7)}  ${drawn.padStart(15)}  ${run.cpuMs.toFixed(0).padStart(15)}`,
      );
    }
    const [without, withThem] = [taken.get(false), taken.get(true)];
    if (without === undefined || withThem === undefined) throw new Error("A run is missing");
    ratios.seconds.push(withThem.seconds / without.seconds);
    ratios.cpu.push(withThem.cpuMs / without.cpuMs);
  }
  const say = (numbers: number[]) =>
    `${median(numbers).toFixed(3)} (${numbers.map((number) => number.toFixed(2)).join(", ")})`;
  console.log(`with / without: seconds ${say(ratios.seconds)}; browser CPU ${say(ratios.cpu)}`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

interface Run {
  /** From the drop until the page says that all is stored. */
  seconds: number;
  /** Until the last waveform is drawn; `null` without. */
  drawnSeconds: number | null;
  cpuMs: number;
}

/** A store, a browser and a page of their own: what is stored already would not be sent again. */
async function upload(paths: string[], isDrawn: boolean): Promise<Run> {
  await using stack = await openEmbeddedStack();
  if (values.rate !== undefined) stack.storeLane.limit(positive(values.rate) * MiB);
  const args = [...CHROMIUM.args, `--host-resolver-rules=${stack.storeLane.chromiumRule}`];
  const browser = await chromium.launch({ ...CHROMIUM, args });
  try {
    const page = await browser.newPage();
    await page.goto(`${stack.server.url}/${isDrawn ? "?waveforms" : ""}`);
    await page.getByRole("button", { name: "Sign in as alpha" }).click();
    await page.getByRole("button", { name: "Choose audio files" }).waitFor();
    const watch = await watchFrames(browser, page, false);
    const begunAt = performance.now();
    const since = () => (performance.now() - begunAt) / 1000;
    await page.locator(".at-uploader .uppy-Dashboard-input:not([webkitdirectory])").setInputFiles(paths);
    const [seconds, drawnSeconds] = await Promise.all([
      page
        .waitForFunction(
          (count) => document.querySelectorAll('.at-row[data-status="done"]').length === count,
          paths.length,
          { polling: 50, timeout: 600_000 },
        )
        .then(since),
      isDrawn
        ? page
            .waitForFunction(
              (count) => document.querySelectorAll('.at-row [data-waveform="done"]').length === count,
              paths.length,
              { polling: 50, timeout: 600_000 },
            )
            .then(since)
        : null,
    ]);
    return { seconds, drawnSeconds, cpuMs: (await watch.end()).allProcesses };
  } finally {
    await browser.close();
  }
}

async function writeWavs(): Promise<string[]> {
  const names = Array.from({ length: positive(values.count) }, (_, index) => `take ${index + 1}.wav`);
  const written: string[] = [];
  for (const [index, name] of names.entries()) {
    written.push((await writeWav(join(folder, name), positive(values.size) * MiB, index + 1)).path);
  }
  return written;
}

function positive(text: string): number {
  const number = Number(text);
  if (!Number.isFinite(number) || number <= 0) throw new Error(USAGE);
  return number;
}
