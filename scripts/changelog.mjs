const STEPS = ["major", "minor", "patch"];
const TITLES = { major: "Breaking", minor: "New", patch: "Mended" };

/**
 * CHANGELOG.md with a section for a new version above the others.
 *
 * @param {string} changelog As it is.
 * @param {string} version
 * @param {{ summary: string, releases: { name: string, type: string }[] }[]} changesets
 * @throws {Error} If the version is there already, or nothing is to be said.
 */
export function addToChangelog(changelog, version, changesets) {
  if (changelog.includes(`\n## ${version}\n`)) throw new Error(`CHANGELOG.md has ${version} already.`);
  if (changesets.length === 0) throw new Error("There is no changeset, so there is nothing to release.");
  const groups = STEPS.flatMap((step) => {
    const entries = changesets.filter((one) => stepOf(one) === step).map(entryOf);
    return entries.length === 0 ? [] : [`### ${TITLES[step]}\n\n${entries.join("\n")}\n`];
  });
  const section = `## ${version}\n\n${groups.join("\n")}\n`;
  const at = changelog.indexOf("\n## ") + 1;
  return at === 0
    ? `${changelog.trimEnd()}\n\n${section}`
    : changelog.slice(0, at) + section + changelog.slice(at);
}

/** The largest step of any package: a reader looks for what may break them. */
function stepOf({ releases }) {
  return STEPS.find((step) => releases.some(({ type }) => type === step));
}

function entryOf({ summary, releases }) {
  const names = releases.map(({ name }) => name.replace(/^@audiotricks\//, "")).sort();
  return `- ${summary.trim().replaceAll("\n", "\n  ")} (${names.join(", ")})`;
}
