import { expect, it } from "vitest";
import { wrap } from "./wrap.ts";

it("breaks lines between words, and loses none", () => {
  const words = Array.from({ length: 60 }, (_, n) => `word${n}`);
  const long = "x".repeat(150);
  const lines = wrap([...words, long, "end"].join(" "), "  ", "    ");
  expect(lines[0]).toMatch(/^ {2}word0 /);
  for (const line of lines.slice(1)) expect(line).toMatch(/^ {4}\S/);
  expect(
    Math.max(...lines.filter((line) => !line.includes(long)).map(({ length }) => length)),
  ).toBeLessThanOrEqual(100);
  expect(lines.map((line) => line.trim()).join(" ")).toBe([...words, long, "end"].join(" "));
});
