import { expect, it } from "vitest";
import { tellProgress } from "./tell-progress.ts";

it("says how far it is once every five seconds, however many pages there are", () => {
  let ms = 0;
  const said: string[] = [];
  const tell = tellProgress(
    (text) => said.push(text),
    () => new Date(ms),
  );
  for (let page = 1; page <= 120; page++) {
    ms += 100;
    tell({ providerId: "p", objects: page * 1000, rows: page });
  }
  expect(said).toEqual([
    "50000 objects and 50 rows so far in the bucket of p.\n",
    "100000 objects and 100 rows so far in the bucket of p.\n",
  ]);
});
