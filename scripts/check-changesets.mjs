// Every package that changed since the last release has a changeset that names it. Needs git and this checkout, no network.
import { git, lastRelease, readPlan, releasedPackages } from "./changesets.mjs";
import { publishedPackages } from "./published-packages.mjs";
import { shippedChanges } from "./shipped-changes.mjs";

try {
  const commit = lastRelease();
  const released = releasedPackages();
  const unknown = publishedPackages().filter(
    ({ manifest }) => !released.some((one) => one.manifest.name === manifest.name),
  );
  if (unknown.length > 0)
    throw new Error(
      `Not in "fixed" of .changeset/config.json: ${unknown.map((one) => one.manifest.name).join(", ")}.`,
    );
  const { changesets } = await readPlan();
  const named = new Set(changesets.flatMap(({ releases }) => releases.map(({ name }) => name)));
  const empty = changesets
    .filter(({ summary }) => summary.trim() === "")
    .map(({ id }) => `.changeset/${id}.md`);
  if (empty.length > 0) throw new Error(`These say nothing: ${empty.join(", ")}.`);
  const files = [...git("diff", "--name-only", commit), ...git("ls-files", "--others", "--exclude-standard")];
  const missing = shippedChanges(files, released).filter(({ name }) => !named.has(name));
  if (missing.length > 0)
    throw new Error(
      [
        `Changed since ${commit.slice(0, 7)}, and no changeset says so (npx changeset add, then git add):`,
        ...missing.map(
          ({ name, files: changed }) => `  ${name}: ${changed[0]} and ${changed.length - 1} more`,
        ),
      ].join("\n"),
    );
  console.log(`${changesets.length} changesets name all ${named.size} packages that changed.`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
