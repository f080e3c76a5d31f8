import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { openCephStack } from "@audiotricks/e2e/ceph-stack";
import { openEmbeddedStack } from "@audiotricks/e2e/embedded-stack";
import { writeWav } from "@audiotricks/testing/audio";
import { type BigFileResult, oneBigFile } from "./one-big-file.ts";
import { memoryWithOpenUploads } from "./open-uploads.ts";

const MiB = 1024 * 1024;
const isQuick = process.argv.includes("--quick");
const size = (isQuick ? 256 : 1024) * MiB;
const rounds = isQuick ? 1 : 3;

const folder = await mkdtemp(join(tmpdir(), "at-bench-"));
try {
  const file = await writeWav(join(folder, "big.wav"), size);
  console.log(
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model ?? "?"}, Node ${process.versions.node}`,
  );
  console.log(
    `One file of ${size / MiB} MiB over loopback, ${rounds} rounds, against 6 plain lanes to URLs signed beforehand:`,
  );
  for (const open of [openEmbeddedStack, openCephStack]) {
    await using stack = await open();
    const results: BigFileResult[] = [];
    for await (const result of oneBigFile(stack, file.path, size, rounds)) results.push(result);
    const ratios = results.map(({ engine, plain }) => plain / engine);
    const rate = (seconds: number[]) => `${Math.round(size / MiB / median(seconds))} MiB/s`;
    console.log(
      `  ${stack.name.padEnd(9)} engine ${rate(results.map((r) => r.engine))}, plain ${rate(results.map((r) => r.plain))}, ` +
        `ratio ${median(ratios).toFixed(2)} (${ratios.map((ratio) => ratio.toFixed(2)).join(", ")}), ` +
        `control requests ${Math.max(...results.map((r) => r.controlRequests))}`,
    );
    if (process.platform === "linux") {
      const { idle, open: busy } = await memoryWithOpenUploads(stack, 50, 1024 * MiB);
      console.log(
        `            memory ${idle.toFixed(0)} MiB idle, ${busy.toFixed(0)} MiB while 50 uploads of 1 GiB are open`,
      );
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
