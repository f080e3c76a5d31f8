import { CONTENDERS } from "./contenders/all.ts";
import type { Contender } from "./contenders/contender.ts";
import { interruption } from "./interruption.ts";
import { LINKS } from "./matrix.ts";
import { measureResume, type ResumeRun } from "./measure-resume.ts";
import { median } from "./median.ts";
import { openLink } from "./open-link.ts";
import type { Options } from "./options.ts";
import { openPlace } from "./place.ts";
import { describeMachine, readResult, saveResult } from "./saved-results.ts";
import { timeoutOf } from "./timeout-of.ts";
import { withFile } from "./with-file.ts";
import { MiB } from "./workload.ts";

export interface ResumeResult {
  machine: string;
  measuredAt: string;
  /** Bytes. */
  size: number;
  contenders: Record<string, ResumeRun[]>;
}

export const RESUME = "resume";
const SIZE = 200 * MiB;

/** Kill and resume, over the clean link. */
export async function runResume(options: Options): Promise<void> {
  const profile = LINKS.clean?.profile ?? null;
  const size = options.bigSize === undefined ? SIZE : options.bigSize * MiB;
  const isSaved = options.bigSize === undefined;
  const contenders = CONTENDERS.filter(({ name }) => name !== "ceiling" && options.contenders.includes(name));
  const saved = isSaved && !options.isFresh ? await readResult<ResumeResult>(RESUME) : null;
  const result: ResumeResult = saved ?? { machine: "", measuredAt: "", size, contenders: {} };
  console.log(`Reload in mid-upload, one file of ${size / MiB} MiB over the clean link:`);
  await withFile(size, async (path) => {
    for (const contender of contenders) {
      const runs = result.contenders[contender.name] ?? [];
      result.contenders[contender.name] = runs;
      for (let round = runs.length; round < options.rounds; round++) {
        interruption.throwIfAborted();
        const run = await resumeOnce(contender, { profile, size, path }).catch((error: unknown) => {
          interruption.throwIfAborted();
          console.log(`  ${contender.name.padEnd(14)} failed: ${String(error)}`);
          return null;
        });
        if (run === null) break;
        runs.push(run);
        result.machine = describeMachine();
        result.measuredAt = new Date().toISOString();
        if (isSaved) await saveResult(RESUME, result);
        console.log(
          `  ${contender.name.padEnd(14)} reloaded at ${(run.reloadedAt * 100).toFixed(0)} %, ` +
            `${(run.sentTwice / MiB).toFixed(1)} MiB sent twice, ${run.secondsAfter.toFixed(1)} s to the end`,
        );
      }
      if (runs.length === 0) continue;
      console.log(
        `  ${contender.name.padEnd(14)} median ${(median(runs.map(({ sentTwice }) => sentTwice)) / MiB).toFixed(1)} MiB sent twice`,
      );
    }
  });
}

async function resumeOnce(
  contender: Contender,
  { profile, size, path }: { profile: (typeof LINKS)[string]["profile"]; size: number; path: string },
): Promise<ResumeRun> {
  await using place = await openPlace();
  await using server = await contender.open(place);
  const origins = [place.pageUrl, place.stack.store.origin, place.stack.server.url, server.origin ?? []];
  await using link = await openLink(origins.flat().map((origin) => Number(new URL(origin).port)));
  const workload = { count: 1, size };
  const timeoutMs = timeoutOf(profile, workload);
  const moment = 0.2 + 0.6 * Math.random();
  const run = await measureResume(
    { place, link, profile, contender, server, workload, path, timeoutMs, seed: 0 },
    moment,
  );
  await server.finish(workload);
  return run;
}
