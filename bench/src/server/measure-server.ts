import type { Options } from "../options.ts";
import { describeMachine, saveResult } from "../saved-results.ts";
import { measureDashboard } from "./measure-dashboard.ts";
import { measureOperator } from "./measure-operator.ts";
import { measureParts } from "./measure-parts.ts";
import { measureRoutes } from "./measure-routes.ts";
import { measureScale } from "./measure-scale.ts";
import { measureShare } from "./measure-share.ts";
import { measureStart } from "./measure-start.ts";
import { measureSweep } from "./measure-sweep.ts";
import { type MeasuredPostgres, openServer } from "./open-server.ts";
import { describeFigure, describeWanted, type ServerFigure, type ServerResult } from "./server-figure.ts";

type Measure = (server: MeasuredPostgres, options: Options) => Promise<ServerFigure[]>;

/** By the names that `--only` knows. */
export const SERVER_MEASURES: Readonly<Record<string, Measure>> = {
  scale: measureScale,
  start: measureStart,
  parts: measureParts,
  sweep: measureSweep,
  share: measureShare,
  routes: measureRoutes,
  dashboard: measureDashboard,
  operator: measureOperator,
};

/** Measures those that are asked for, on one PostgreSQL server, and saves each as soon as it is there. */
export async function measureServer(options: Options): Promise<void> {
  const names = Object.keys(SERVER_MEASURES).filter((name) => options.extras.includes(name));
  if (names.length === 0) return;
  await using server = await openServer();
  for (const name of names) {
    const figures = (await SERVER_MEASURES[name]?.(server, options)) ?? [];
    for (const figure of figures) {
      const verdict = `${describeFigure(figure)}, wanted ${describeWanted(figure)}`;
      console.log(`${figure.title}: ${verdict}; ${figure.sides}`);
      if (!figure.rounds.every(Number.isFinite)) throw new Error(`${name} could not be measured`);
    }
    const result: ServerResult = {
      machine: describeMachine(),
      measuredAt: new Date().toISOString(),
      figures,
    };
    if (options.share === 1) await saveResult(serverResultName(name), result);
  }
}

export function serverResultName(name: string): string {
  return `server-${name}`;
}
