import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LINKS, WORKLOADS } from "../matrix.ts";
import type { RowResult } from "../row-result.ts";
import { QUICK } from "../run-matrix.ts";
import { RESUME, type ResumeResult } from "../run-resume.ts";
import { readResult } from "../saved-results.ts";
import { SERVER_MEASURES, serverResultName } from "../server/measure-server.ts";
import type { ServerResult } from "../server/server-figure.ts";
import { SIGNING, type SigningResult } from "../signing-rate.ts";
import { chart } from "./chart.ts";
import { resumeTable, signingTable } from "./extra-tables.ts";
import { matrixTable } from "./matrix-table.ts";
import { serverTable } from "./server-table.ts";

const README = join(import.meta.dirname, "../../README.md");
const CHART = join(import.meta.dirname, "../../chart.svg");
const [BEGIN, END] = ["<!-- results -->", "<!-- end of results -->"];

/** Puts all that is saved into the README, and draws the chart. */
export async function writeReport(): Promise<void> {
  const rows: RowResult[] = [];
  for (const link of Object.keys(LINKS)) {
    for (const workload of Object.keys(WORKLOADS)) {
      const row = await readResult<RowResult>(`${link}-${workload}`);
      if (row !== null) rows.push(row);
    }
  }
  const quick = await readResult<RowResult>(QUICK);
  const resume = await readResult<ResumeResult>(RESUME);
  const signing = await readResult<SigningResult>(SIGNING);
  const server: ServerResult[] = [];
  for (const name of Object.keys(SERVER_MEASURES)) {
    const result = await readResult<ServerResult>(serverResultName(name));
    if (result !== null) server.push(result);
  }
  const sections = [
    ...rows.map(matrixTable),
    ...(resume === null ? [] : [resumeTable(resume)]),
    ...(signing === null ? [] : [signingTable(signing)]),
    ...(server.length === 0 ? [] : [serverTable(server)]),
    ...(quick === null ? [] : [`The quick run:\n\n${matrixTable(quick)}`]),
  ];
  const drawn = rows.length > 0 ? rows : quick === null ? [] : [quick];
  if (drawn.length > 0) {
    await writeFile(CHART, chart(drawn));
    sections.unshift("![Rate of each uploader, as a share of six plain lanes](chart.svg)");
  }
  const readme = await readFile(README, "utf8");
  const [before, after] = [readme.split(BEGIN)[0], readme.split(END)[1]];
  if (before === undefined || after === undefined) throw new Error(`README.md has no ${BEGIN} … ${END}.`);
  await writeFile(README, `${before}${BEGIN}\n\n${sections.join("\n\n")}\n\n${END}${after}`);
}
