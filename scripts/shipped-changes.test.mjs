import { expect, it } from "vitest";
import { shippedChanges } from "./shipped-changes.mjs";

const packages = [
  { folder: "packages/a", manifest: { name: "a" } },
  { folder: "packages/a-b", manifest: { name: "a-b" } },
  { folder: "migrations", manifest: { name: "migrations" } },
];

it("names the packages whose sources or migrations changed", () => {
  expect(
    shippedChanges(["packages/a/src/x.ts", "packages/a/src/deep/y.css", "migrations/sql/0001.sql"], packages),
  ).toEqual([
    { name: "a", files: ["packages/a/src/x.ts", "packages/a/src/deep/y.css"] },
    { name: "migrations", files: ["migrations/sql/0001.sql"] },
  ]);
});

it("takes tests, documents and packages whose names begin alike for no change", () => {
  const files = [
    "packages/a/src/x.test.ts",
    "packages/a/test/x.test.ts",
    "packages/a/README.md",
    "docs/src/x.md",
    "packages/ab/src/x.ts",
  ];
  expect(shippedChanges(files, packages)).toEqual([]);
});
