import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const REFERENCES = /`([^`]+)`: "([^"]+)"/g;

/**
 * Tests that a document names, each by its file and its whole name.
 *
 * @param {string} text Of them and `;` alone.
 * @param {string} root
 * @returns {string[]} What is wrong with them.
 */
export function faultsOfTests(text, root) {
  const tests = [...text.matchAll(REFERENCES)].map(([, file, name]) => ({ file, name }));
  return [
    ...(tests.length === 0 ? ["names no test"] : []),
    // Whatever else stands there would be checked by nobody.
    ...(text.replace(REFERENCES, "").replace(/[;\s]/g, "") === "" ? [] : [`has more than tests: ${text}`]),
    ...tests.flatMap(({ file, name }) => missingTest(root, file, name)),
  ];
}

function missingTest(root, file, name) {
  const path = join(root, file);
  if (!existsSync(path) || !statSync(path).isFile()) return [`${file} is not there`];
  const text = readFileSync(path, "utf8");
  return text.includes(`"${name}"`) || text.includes(`\`${name}\``) ? [] : [`${file} has no "${name}"`];
}
