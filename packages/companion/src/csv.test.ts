import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toCsv, wantsCsv } from "./csv.ts";

/** As RFC 4180 reads it. */
function parse(csv: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain = "", end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === "\r\n") rows.push([]);
  }
  return rows.slice(0, -1);
}

describe("a CSV file", () => {
  it("gives back what was put in, and begins no cell with what a spreadsheet would run", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("=1+1", " =1", "\t@a", "-2", 'a\r\nb,"c')),
        ),
        (cells) => {
          const columns = cells.map((_, index) => `c${index}`);
          const [, read = []] = parse(
            toCsv(columns, [Object.fromEntries(cells.map((cell, index) => [`c${index}`, cell]))]),
          );
          const unquoted = read.map((cell, index) => (cell === cells[index] ? cell : cell.slice(1)));
          expect(unquoted).toEqual(cells.length === 0 ? [""] : cells);
          for (const cell of read) expect(cell).not.toMatch(/^\s*[=+\-@]/);
        },
      ),
    );
  });

  it("has its columns without a row, numbers as they are, and nothing for what is not known", () => {
    expect(toCsv(["a", "b"], [])).toBe("a,b\r\n");
    expect(toCsv(["a", "b", "c", "d"], [{ a: -1.5, b: null, c: true, d: { x: 1 } }])).toBe(
      'a,b,c,d\r\n-1.5,,true,"{""x"":1}"\r\n',
    );
  });

  it("is sent to whoever asks for it", () => {
    expect(wantsCsv("csv", "application/json")).toBe(true);
    expect(wantsCsv("json", "text/csv")).toBe(false);
    expect(wantsCsv(undefined, "text/csv;q=0.9, */*;q=0.1")).toBe(true);
    for (const accept of [undefined, "*/*", "application/json, text/csv"])
      expect(wantsCsv(undefined, accept)).toBe(false);
  });
});
