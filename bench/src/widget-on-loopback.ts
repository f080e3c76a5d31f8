import { openCephStack } from "@audiotricks/e2e/ceph-stack";
import { openEmbeddedStack } from "@audiotricks/e2e/embedded-stack";
import { interruption } from "./interruption.ts";
import { median } from "./median.ts";
import { type BigFileResult, countControlRequests, oneBigFile } from "./one-big-file.ts";
import { memoryWithOpenUploads } from "./open-uploads.ts";
import { withFile } from "./with-file.ts";
import { MiB } from "./workload.ts";

/** The demo as people see it, on both stacks, with nothing between: bound by the processor. */
export async function widgetOnLoopback({ size, rounds }: { size: number; rounds: number }): Promise<void> {
  console.log(
    `The widget, one file of ${size / MiB} MiB over loopback, against 6 plain lanes to URLs signed beforehand:`,
  );
  await withFile(size, async (path) => {
    for (const open of [openEmbeddedStack, openCephStack]) {
      interruption.throwIfAborted();
      await using stack = await open();
      const results: BigFileResult[] = [];
      for await (const result of oneBigFile(stack, path, size, rounds)) results.push(result);
      const ratios = results.map(({ engine, plain }) => plain / engine);
      const rate = (seconds: number[]) => `${Math.round(size / MiB / median(seconds))} MiB/s`;
      console.log(
        `  ${stack.name.padEnd(9)} engine ${rate(results.map((r) => r.engine))}, plain ${rate(results.map((r) => r.plain))}, ` +
          `ratio ${median(ratios).toFixed(2)} (${ratios.map((ratio) => ratio.toFixed(2)).join(", ")}), ` +
          `control requests ${await countControlRequests(stack, path)}`,
      );
      if (process.platform === "linux") {
        const { idle, open: busy } = await memoryWithOpenUploads(stack, 50, 1024 * MiB);
        console.log(
          `            memory ${idle.toFixed(0)} MiB idle, ${busy.toFixed(0)} MiB while 50 uploads of 1 GiB are open`,
        );
      }
    }
  });
}
