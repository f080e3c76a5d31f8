import { CONTENDERS } from "../contenders/all.ts";
import { LINKS } from "../matrix.ts";
import type { RowResult } from "../row-result.ts";
import { summarize } from "../summarize.ts";
import { describeWorkload } from "../workload.ts";

const WIDTH = 900;
const LEFT = 290;
const RIGHT = 60;
const BAR = 15;
const GROUP_HEAD = 28;
const GROUP_GAP = 12;
const TOP = 44;
/** The end of the scale, in ceilings. */
const MOST = 1.25;
const OURS = "#0a7d5a";
const OTHERS = "#8a94a6";
const CEILING = "#c9ced8";

/** Bars of the rate, as a share of the ceiling's; a group for each row of the matrix. */
export function chart(rows: readonly RowResult[]): string {
  const parts: string[] = [];
  let y = TOP;
  for (const row of rows) {
    const summaries = summarize(row);
    const files = summaries[0] === undefined ? "" : `, ${describeWorkload(summaries[0].workload)}`;
    parts.push(text(LEFT, y + 18, `${LINKS[row.link]?.title ?? row.link}${files}`, 'font-weight="600"'));
    y += GROUP_HEAD;
    for (const { name, title } of CONTENDERS) {
      const found = summaries.find((summary) => summary.name === name);
      if (found === undefined) continue;
      const color = name === "engine" ? OURS : name === "ceiling" ? CEILING : OTHERS;
      parts.push(text(LEFT - 8, y + BAR - 3, title, 'text-anchor="end"'));
      if (Number.isNaN(found.ratio)) {
        parts.push(text(LEFT + 4, y + BAR - 3, found.runs.length === 0 ? "failed" : "–", ""));
      } else {
        const width = xOf(Math.min(found.ratio, MOST)) - LEFT;
        parts.push(
          `<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR - 3}" fill="${color}"/>`,
          text(LEFT + width + 5, y + BAR - 4, found.ratio.toFixed(2), 'font-size="11"'),
        );
      }
      y += BAR;
    }
    y += GROUP_GAP;
  }
  const line = xOf(1).toFixed(1);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" font-family="system-ui, sans-serif" font-size="12" fill="#1f2733" role="img">`,
    "<title>Rate of each uploader, as a share of six plain lanes</title>",
    `<rect width="${WIDTH}" height="${y}" fill="#fff"/>`,
    text(LEFT, 22, "Rate, as a share of six plain lanes (longer is better)", 'font-size="14"'),
    ...parts,
    `<line x1="${line}" x2="${line}" y1="${TOP - 8}" y2="${y - GROUP_GAP}" stroke="#1f2733" stroke-dasharray="3 3"/>`,
    "</svg>",
    "",
  ].join("\n");
}

function xOf(ratio: number): number {
  return LEFT + (ratio / MOST) * (WIDTH - LEFT - RIGHT);
}

function text(x: number, y: number, content: string, attributes: string): string {
  const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${x.toFixed(1)}" y="${y}" ${attributes}>${escaped}</text>`;
}
