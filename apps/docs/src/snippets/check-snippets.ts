import { execFile } from "node:child_process";
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../root.ts";
import { extractSnippets, type Snippet } from "./extract-snippets.ts";

/** Beside the site, so that snippets find the packages that this one has. */
const FOLDER = join(root, "apps/docs/.cache/snippets");

/** Documents whose code is compiled. */
const DOCUMENTS = [
  "README.md",
  "apps/docs/site/**/*.md",
  "packages/{react,companion,storage,testing,audio-preflight,audio-waveform,uppy-spaces}/README.md",
];

interface Placed extends Snippet {
  document: string;
  name: string;
}

/** Type-checks all snippets in one run of `tsc`. */
export async function checkSnippets(): Promise<{ passed: number; failures: string[] }> {
  const snippets = DOCUMENTS.flatMap((pattern) => globSync(pattern, { cwd: root }))
    .toSorted()
    .flatMap((document) =>
      extractSnippets(readFileSync(join(root, document), "utf8")).map((snippet) => ({
        ...snippet,
        document,
      })),
    )
    .map((snippet, index): Placed => ({ ...snippet, name: `snippet-${index + 1}.${snippet.language}` }));

  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  for (const { name, code } of snippets) writeFileSync(join(FOLDER, name), `${code}\nexport {};\n`);
  writeFileSync(join(FOLDER, "tsconfig.json"), JSON.stringify(CONFIG));
  const failures = readErrors(await runTsc(), snippets);
  const failed = new Set(failures.map(({ snippet }) => snippet));
  return { passed: snippets.length - failed.size, failures: failures.map(({ text }) => text) };
}

const CONFIG = {
  extends: "../../../../tsconfig.json",
  compilerOptions: { types: ["node", "react"] },
  include: ["*.ts", "*.tsx", "../../src/snippets/host.d.ts"],
  exclude: [],
};

function runTsc(): Promise<string> {
  const tsc = join(root, "node_modules/.bin/tsc");
  return new Promise((resolve, reject) => {
    execFile(tsc, ["-p", FOLDER, "--pretty", "false"], { cwd: FOLDER }, (error, stdout, stderr) => {
      // It ends with 1 or 2 for errors in the code, which are on stdout.
      if (error !== null && stdout === "") reject(new Error(`tsc did not run: ${stderr}`, { cause: error }));
      else resolve(stdout);
    });
  });
}

function readErrors(output: string, snippets: readonly Placed[]): { snippet: string; text: string }[] {
  return output
    .split("\n")
    .filter((line) => /error TS\d+/.test(line))
    .map((line) => {
      const [, name = "", at = "1", message = line] =
        /(snippet-\d+\.tsx?)\((\d+),\d+\): error (.*)$/.exec(line) ?? [];
      const snippet = snippets.find((one) => one.name === name);
      if (snippet === undefined) return { snippet: "", text: line };
      const place = snippet.line + Math.max(0, Number(at) - 1 - snippet.inherited);
      return { snippet: name, text: `${snippet.document}:${place} ${message}` };
    });
}
