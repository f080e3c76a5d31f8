import { faultsOfTests } from "./shown-by.mjs";

/** A line that leads to the points below it says nothing by itself. */
const LEADS_ON = new Set([
  "The browser got no answer it may read.",
  "The companion answers, the store does not let the page in.",
]);

/**
 * @param {string} page Markdown: after each paragraph or point a comment that names the tests which show it.
 * @param {string} words Source of what the widget says: whatever stands in “ ” is in there.
 * @param {string} root
 * @returns {{ statements: number, faults: string[] }}
 */
export function checkTroubles(page, words, root) {
  const [, ...blocks] = page.split(/\n\s*\n/);
  const faults = [...page.matchAll(/“([^”]+)”/g)]
    .filter(([, quoted]) => !words.includes(`"${quoted}"`))
    .map(([, quoted]) => `The widget does not say “${quoted}”.`);
  let statements = 0;
  let statement;
  const settle = (shown) => {
    if (statement === undefined) return faults.push(`Shows nothing: ${shown}`);
    statements += 1;
    faults.push(...faultsOfTests(shown, root).map((fault) => `“${statement}”: ${fault}`));
    statement = undefined;
    return undefined;
  };
  for (const block of blocks.map((text) => text.trim()).filter((text) => text !== "")) {
    const [, shown] = /^<!-- shown by (.*) -->$/s.exec(block) ?? [];
    if (shown !== undefined) settle(shown);
    else {
      if (statement !== undefined) faults.push(`Nothing shows: ${statement}`);
      statement = block.startsWith("## ") || LEADS_ON.has(block) ? undefined : block;
    }
  }
  if (statement !== undefined) faults.push(`Nothing shows: ${statement}`);
  return { statements, faults: statements === 0 ? ["There is no statement.", ...faults] : faults };
}
