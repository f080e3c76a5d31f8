import { CONTENDERS } from "./contenders/all.ts";
import type { Contender } from "./contenders/contender.ts";
import { LINKS, scaled, WORKLOADS } from "./matrix.ts";
import { measureRow } from "./measure-row.ts";
import { canLosePackets } from "./open-link.ts";
import type { Options } from "./options.ts";
import { printRow } from "./print-row.ts";
import type { RowResult } from "./row-result.ts";
import { readResult, saveResult } from "./saved-results.ts";
import { withFile } from "./with-file.ts";
import { describeWorkload, MiB, totalBytes, type Workload } from "./workload.ts";

/** In a quick run: enough for every lane to have parts, and for slow ones to end within the five minutes. */
const QUICK_SIZE = 64 * MiB;
const QUICK_ONE_LANE_SIZE = 32 * MiB;

/** Name of the quick run's result. */
export const QUICK = "quick";

export async function runMatrix(options: Options): Promise<void> {
  const contenders = CONTENDERS.filter(({ name }) => options.contenders.includes(name));
  // A quick run is saved whole or not at all; rows gather what they lack.
  const isWhole = contenders.length === CONTENDERS.length || !options.isQuick;
  const isSaved = options.bigSize === undefined && options.share === 1 && isWhole;
  for (const wanted of options.links) {
    const isImpossible = (LINKS[wanted]?.profile?.loss ?? 0) > 0 && !canLosePackets();
    if (isImpossible) console.log(`No packet can be lost here: ${wanted} is left out.`);
    if (isImpossible && !options.isQuick) continue;
    // A quick run shows what it can.
    const linkName = isImpossible ? "clean" : wanted;
    for (const workloadName of options.workloads) {
      const [link, whole] = [LINKS[linkName], WORKLOADS[workloadName]];
      if (link === undefined || whole === undefined) continue;
      const workloadOf = (contender: Contender): Workload => {
        if (options.isQuick)
          return { count: 1, size: contender.isOneLane ? QUICK_ONE_LANE_SIZE : QUICK_SIZE };
        if (options.bigSize !== undefined) return { count: 1, size: options.bigSize * MiB };
        return scaled(whole, { ...link, share: link.share * options.share }, contender.isOneLane);
      };
      const roundsOf = ({ isOneLane }: Contender) => (options.isQuick && isOneLane ? 1 : options.rounds);
      const rowName = options.isQuick ? QUICK : `${linkName}-${workloadName}`;
      const before =
        isSaved && !options.isFresh && !options.isQuick ? await readResult<RowResult>(rowName) : null;
      console.log(`${link.title}, ${describeWorkload(workloadOf(contenders[0] ?? failNone()))}`);
      const longest = Math.max(...contenders.map((contender) => totalBytes(workloadOf(contender))));
      const row = isComplete(before, contenders, roundsOf)
        ? before
        : await withFile(longest, (path) =>
            measureRow({
              name: { link: linkName, workload: workloadName },
              link,
              contenders,
              workloadOf,
              roundsOf,
              path,
              before,
              save: isSaved ? (row) => saveResult(rowName, row) : () => Promise.resolve(),
            }),
          );
      if (row !== null) printRow(row);
    }
  }
}

function isComplete(
  row: RowResult | null,
  contenders: readonly Contender[],
  roundsOf: (contender: Contender) => number,
): boolean {
  return contenders.every((contender) => {
    const result = row?.contenders[contender.name];
    return result !== undefined && result.runs.length + result.failures.length >= roundsOf(contender);
  });
}

function failNone(): never {
  throw new Error("No contender was chosen.");
}
