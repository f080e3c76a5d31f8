// Builds the documentation: `npm run docs`.
//   --check          changes nothing: generated pages are current, code in pages compiles, the site builds without dead links
//   --report=FILE    writes {passed, failed} there
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { buildSite, OUTPUT } from "./build-site.ts";
import { generatedPages } from "./generated-pages.ts";
import { root } from "./root.ts";
import { checkSnippets } from "./snippets/check-snippets.ts";

const { values: options } = parseArgs({
  options: { check: { type: "boolean" }, report: { type: "string" } },
});
const failures: string[] = [];
let passed = 0;

const pages = await generatedPages();
for (const [page, text] of pages) {
  const file = join(root, "apps/docs/site", page);
  const isCurrent = existsSync(file) && readFileSync(file, "utf8") === text;
  if (isCurrent) passed += 1;
  else if (options.check) failures.push(`apps/docs/site/${page} is not what the code says: run npm run docs`);
  else {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    passed += 1;
  }
}

const [snippets, built] = await Promise.allSettled([checkSnippets(), buildSite()]);
if (snippets.status === "fulfilled") {
  passed += snippets.value.passed;
  failures.push(...snippets.value.failures);
} else failures.push(String(snippets.reason));
if (built.status === "fulfilled") passed += 1;
else failures.push(`The site does not build: ${built.reason}`);

for (const failure of failures) console.error(failure);
if (options.report !== undefined)
  writeFileSync(options.report, JSON.stringify({ passed, failed: failures.length }));
console.log(
  `${passed} passed, ${failures.length} failed${built.status === "fulfilled" ? `; ${OUTPUT}` : ""}`,
);
process.exit(failures.length === 0 ? 0 : 1);
