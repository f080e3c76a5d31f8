import { readdir, readFile, writeFile } from "node:fs/promises";
import { inRoot } from "./checkout.mjs";

// Writes the table of attacks into SECURITY.md from the suite; with --check it only tells whether it is current.
const FOLDER = "e2e/attack";
const FILE = inRoot("SECURITY.md");
const [BEGIN, END] = [
  "<!-- Made by `node scripts/attack-table.mjs` from the files of the suite. -->",
  "<!-- End of what is made. -->",
];

const text = await readFile(FILE, "utf8");
const [before, rest] = split(text, BEGIN);
const [, after] = split(rest, END);
const current = `${before}${BEGIN}\n\n${await render()}\n\n${END}${after}`;
if (!process.argv.includes("--check")) {
  await writeFile(FILE, current);
} else if (current !== text) {
  console.error("SECURITY.md does not list the attacks that there are: run `node scripts/attack-table.mjs`.");
  process.exitCode = 1;
}

async function render() {
  const names = (await readdir(inRoot(FOLDER))).filter((name) => name.endsWith(".attack.test.ts")).sort();
  const rows = await Promise.all(
    names.map(async (name, index) => {
      const number = Number(/^(\d\d)-/.exec(name)?.[1]);
      if (number !== index + 1) throw new Error(`${name} is not number ${index + 1}: each attack has one.`);
      const { attack, shown, also } = describe(name, await readFile(inRoot(FOLDER, name), "utf8"));
      const elsewhere = also.length === 0 ? "" : ` Also: ${also.join(" ")}`;
      return [`[${number}](${FOLDER}/${name})`, attack, `${shown.join("; ")}.${elsewhere}`];
    }),
  );
  return [["#", "attack", "what the suite shows of it"], ["--", "--", "--"], ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`)
    .join("\n");
}

/** By what its tests are called. `// Also: …` says what is proved where the outside cannot see it. */
function describe(name, source) {
  const attacks = [...source.matchAll(/^describe\(\s*"([^"]+)"/gm)].map(([, title]) => title);
  const shown = [...source.matchAll(/^ {2}it(?:\.each\([^)]*\))?\(\s*"([^"]+)"/gm)].map(([, title]) =>
    title.replace(/ \(%s\)$/, ""),
  );
  if (attacks.length !== 1 || shown.length === 0)
    throw new Error(`${name} must be one attack, with names in double quotes.`);
  const tests = source.match(/\bit(?:\.each\([^)]*\))?\(\s*["'`]/g) ?? [];
  if (tests.length !== shown.length) throw new Error(`${name} has tests whose names cannot be read.`);
  const also = [...source.matchAll(/^\/\/ Also: (.+)$/gm)].map(([, sentence]) => sentence);
  return { attack: attacks[0], shown, also };
}

function split(whole, mark) {
  const at = whole.indexOf(mark);
  if (at === -1) throw new Error(`SECURITY.md has no line ${mark}`);
  return [whole.slice(0, at), whole.slice(at + mark.length)];
}
