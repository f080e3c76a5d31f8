import { existsSync, globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { inRoot } from "./checkout.mjs";

const page = readFileSync(inRoot("docs/versions.md"), "utf8");
const styles = globSync("packages/react/src/**/*.css", { cwd: inRoot() })
  .map((file) => readFileSync(inRoot(file), "utf8"))
  .join("\n");

it("names only files that there are", () => {
  const files = [...page.matchAll(/`((?:packages|apps|migrations|scripts|examples|\.github)\/[^`]+)`/g)].map(
    ([, file]) => file,
  );
  expect(files.length).toBeGreaterThan(8);
  expect(files.filter((file) => !existsSync(inRoot(file)))).toEqual([]);
});

it("promises the custom properties that the package's own page names, and that the styles read", () => {
  const [, list = ""] = /^Custom properties, .*?: (.*)$/m.exec(page) ?? [];
  const promised = list.match(/--at-[a-z-]+/g).sort();
  const readme = readFileSync(inRoot("packages/react/README.md"), "utf8");
  const [, said = ""] = /Set any of these on an ancestor: ([^.]*)\./s.exec(readme) ?? [];
  expect(said.match(/--at-[a-z-]+/g).sort()).toEqual(promised);
  for (const name of promised) expect(styles, name).toMatch(new RegExp(`(?:var\\(|^\\s*)${name}\\b`, "m"));
});
