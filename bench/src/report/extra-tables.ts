import { CONTENDERS } from "../contenders/all.ts";
import { median } from "../median.ts";
import type { ResumeResult } from "../run-resume.ts";
import type { SigningResult } from "../signing-rate.ts";
import { markdownTable } from "./markdown-table.ts";

const MiB = 2 ** 20;

export function resumeTable({ contenders, machine, measuredAt, size }: ResumeResult): string {
  const lines = CONTENDERS.flatMap(({ name, title }) => {
    const runs = contenders[name] ?? [];
    if (runs.length === 0) return [];
    const list = (values: number[], digits: number) =>
      values.map((value) => value.toFixed(digits)).join(", ");
    const reloaded = list(
      runs.map(({ reloadedAt }) => reloadedAt * 100),
      0,
    );
    const twice = list(
      runs.map(({ sentTwice }) => sentTwice / MiB),
      1,
    );
    const middle = (median(runs.map(({ sentTwice }) => sentTwice)) / MiB).toFixed(1);
    return [[title, reloaded, `${middle} (${twice})`]];
  });
  return [
    `**Page reloaded in mid-upload, the same file picked again: one file of ${size / MiB} MiB** (${measuredAt.slice(0, 10)}; ${machine})`,
    "",
    markdownTable([["", "reloaded at, %", "MiB sent twice, median"], ...lines]),
  ].join("\n");
}

export function signingTable(result: SigningResult): string {
  const { companion, uppyCompanion, bareLoop, machine, measuredAt } = result;
  const line = (title: string, rate: number) => [
    title,
    Math.round(rate).toLocaleString("en"),
    (rate / uppyCompanion).toFixed(1),
    (rate / bareLoop).toFixed(3),
  ];
  return [
    `**Part URLs signed, one core** (${measuredAt.slice(0, 10)}; ${machine})`,
    "",
    markdownTable([
      ["", "URLs/s", "× `@uppy/companion`", "× the bare loop"],
      line("our companion over HTTP, 100 a request", companion),
      line("`@uppy/companion` 6.2.2 over HTTP, one a request", uppyCompanion),
      line("our signer in a loop, no HTTP", bareLoop),
    ]),
  ].join("\n");
}
