import type { Contender, ContenderServer } from "./contenders/contender.ts";
import { describeRun } from "./describe-run.ts";
import { interruption } from "./interruption.ts";
import type { NamedLink } from "./matrix.ts";
import { measureRun } from "./measure-run.ts";
import { openLink } from "./open-link.ts";
import { openPlace } from "./place.ts";
import type { RowResult } from "./row-result.ts";
import { describeMachine } from "./saved-results.ts";
import { timeoutOf } from "./timeout-of.ts";
import type { Workload } from "./workload.ts";

export interface RowOptions {
  name: { link: string; workload: string };
  link: NamedLink;
  contenders: readonly Contender[];
  /** What each gets, and how often. */
  workloadOf(contender: Contender): Workload;
  roundsOf(contender: Contender): number;
  /** A file as long as the longest workload. */
  path: string;
  /** What an interrupted run has measured. */
  before: RowResult | null;
  save(row: RowResult): Promise<void>;
}

/** Contenders take turns, so that what else the machine does hits all alike. */
export async function measureRow(options: RowOptions): Promise<RowResult> {
  const { name, link: named, contenders, path } = options;
  await using place = await openPlace();
  await using opened = new AsyncDisposableStack();
  const servers = new Map<Contender, ContenderServer>();
  for (const contender of contenders) servers.set(contender, opened.use(await contender.open(place)));
  const origins = [place.pageUrl, place.stack.store.origin, place.stack.server.url];
  for (const { origin } of servers.values()) if (origin !== null) origins.push(origin);
  const link = opened.use(
    await openLink([...new Set(origins.map((origin) => Number(new URL(origin).port)))]),
  );

  const row: RowResult = options.before ?? {
    ...name,
    carriedBy: "",
    machine: "",
    measuredAt: "",
    contenders: {},
  };
  const most = Math.max(...contenders.map((contender) => options.roundsOf(contender)));
  for (let round = 0; round < most; round++) {
    for (const [contender, server] of servers) {
      const workload = options.workloadOf(contender);
      const result = row.contenders[contender.name] ?? { workload, runs: [], failures: [] };
      row.contenders[contender.name] = result;
      const isMeasured = result.runs.length + result.failures.length > round;
      if (isMeasured || round >= options.roundsOf(contender)) continue;
      interruption.throwIfAborted();
      const timeoutMs = timeoutOf(named.profile, workload);
      try {
        const run = await measureRun({
          place,
          link,
          profile: named.profile,
          contender,
          server,
          workload,
          path,
          timeoutMs,
          seed: round,
        });
        await server.finish(workload);
        result.runs.push(run);
        console.log(`  ${contender.name.padEnd(14)} ${describeRun(run, workload)}`);
      } catch (error) {
        interruption.throwIfAborted();
        const message = error instanceof Error ? error.message : String(error);
        result.failures.push(message.split("\n")[0] ?? "");
        console.log(`  ${contender.name.padEnd(14)} failed: ${message}`);
        await server.finish(workload).catch(() => undefined);
      }
      row.carriedBy = named.profile === null ? "loopback" : link.description;
      row.machine = describeMachine();
      row.measuredAt = new Date().toISOString();
      await options.save(row);
    }
  }
  return row;
}
