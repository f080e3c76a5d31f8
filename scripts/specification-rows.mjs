import { existsSync } from "node:fs";
import { join } from "node:path";
import { faultsOfTests } from "./shown-by.mjs";

/**
 * @param {string} page Markdown: tables of what is asked for, where it works, and what shows it.
 * @param {string} root
 * @returns {{ rows: number, faults: string[] }}
 */
export function checkSpecification(page, root) {
  const rows = page
    .split("\n")
    .filter((line) => line.startsWith("| ") && !/^\| (?:asked for|-+) /.test(line));
  const faults = rows.length === 0 ? ["There is no row."] : rows.flatMap((row) => faultsOf(row, root));
  return { rows: rows.length, faults };
}

function faultsOf(row, root) {
  const cells = row.split("|").slice(1, -1);
  if (cells.length !== 3) return [`Not three cells: ${row}`];
  const [asked, where, shown] = cells.map((cell) => cell.trim());
  const places = [...where.matchAll(/`([^`]+)`/g)].map(([, path]) => path);
  return [
    ...(places.length === 0 ? ["says no place"] : []),
    ...places.filter((path) => !existsSync(join(root, path))).map((path) => `${path} is not there`),
    ...faultsOfTests(shown, root),
  ].map((fault) => `${asked}: ${fault}`);
}
