import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { inRoot, manifest } from "./checkout.mjs";

const read = (name) => parse(readFileSync(inRoot(".github/workflows", name), "utf8"));
const runsOf = (job) => job.steps.flatMap(({ run }) => (run === undefined ? [] : [run]));

it("publishes only what was tested, from a tag, and lets nothing but that sign for it", () => {
  const { on, permissions, jobs } = read("release.yml");
  expect(on).toEqual({ push: { tags: ["v*"] } });
  expect(permissions).toEqual({ contents: "read" });
  expect(jobs.publish).toMatchObject({
    needs: "test",
    permissions: { "id-token": "write", contents: "read" },
  });
  expect(jobs.test.permissions).toBeUndefined();
  expect(runsOf(jobs.publish)).toContain("node scripts/release.mjs publish");
  expect(JSON.stringify(jobs)).not.toMatch(/secrets\.|TOKEN/);
});

it("tests with the whole history, by what everybody runs", () => {
  for (const name of ["test.yml", "release.yml"]) {
    const { test } = read(name).jobs;
    expect(runsOf(test)).toContain(".ci/run");
    expect(test.steps[0].with["fetch-depth"]).toBe(0);
  }
});

it("installs with the package manager of this checkout", () => {
  expect(runsOf(read("release.yml").jobs.publish).join("\n")).toContain(manifest.packageManager);
});
