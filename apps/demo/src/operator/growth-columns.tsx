import type { GrowthResponse } from "@audiotricks/protocol/admin";
import type { Column } from "./data-table.tsx";
import { bytes, count, counted, instant } from "./formats.ts";
import { type Series, seriesOf } from "./series.ts";

export type GrowthRow = GrowthResponse["entries"][number];

export const GROWTH_COLUMNS: readonly Column<GrowthRow>[] = [
  { title: "Period (UTC)", cell: (row) => instant(row.period) },
  { title: "Kind", cell: (row) => row.kind.replaceAll("_", " ") },
  { title: "Files came", isNumber: true, cell: (row) => count(row.filesAdded) },
  { title: "Bytes came", isNumber: true, cell: (row) => bytes(row.bytesAdded) },
  { title: "Files went", isNumber: true, cell: (row) => count(row.filesRemoved) },
  { title: "Bytes went", isNumber: true, cell: (row) => bytes(row.bytesRemoved) },
  { title: "Downloads", isNumber: true, cell: (row) => count(row.downloads) },
  { title: "Files at the end", isNumber: true, cell: (row) => count(row.files) },
  { title: "Bytes at the end", isNumber: true, cell: (row) => bytes(row.bytes) },
];

/** What there is at the end, and what came less what went. */
export function growthWords(rows: readonly GrowthRow[]): string {
  if (rows.length === 0) return "";
  const last = new Map(rows.map((row) => [row.kind, row]));
  const sum = (some: Iterable<GrowthRow>, value: (row: GrowthRow) => number) =>
    [...some].reduce((all, row) => all + value(row), 0);
  const held = sum(last.values(), (row) => row.bytes);
  const grown = sum(rows, (row) => row.bytesAdded - row.bytesRemoved);
  const files = sum(last.values(), (row) => row.files);
  return `${bytes(held)} in ${counted(files, "file", "files")}; ${grown < 0 ? "−" : "+"}${bytes(Math.abs(grown))} in these days.`;
}

export function storedByKind(rows: readonly GrowthRow[]): Series[] {
  return seriesOf(rows, {
    at: (row) => row.period,
    name: (row) => row.kind.replaceAll("_", " "),
    value: (row) => row.bytes,
  });
}
