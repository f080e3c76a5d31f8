import { expect, it } from "vitest";
import { addToChangelog } from "./changelog.mjs";

const before = "# Changes\n\nAbout.\n\n## 0.1.0\n\n- The first.\n";

it("puts a version above the others, breaking changes first, each once with the packages that it is of", () => {
  const changesets = [
    { summary: "A mend.\n", releases: [{ name: "@audiotricks/cli", type: "patch" }] },
    {
      summary: "A thing,\nin two lines.",
      releases: [
        { name: "@audiotricks/storage", type: "patch" },
        { name: "@audiotricks/companion", type: "major" },
      ],
    },
  ];
  expect(addToChangelog(before, "0.2.0", changesets)).toBe(`# Changes

About.

## 0.2.0

### Breaking

- A thing,
  in two lines. (companion, storage)

### Mended

- A mend. (cli)

## 0.1.0

- The first.
`);
});

it("refuses a version that is there, and one of which there is nothing to say", () => {
  const changesets = [{ summary: "x", releases: [{ name: "a", type: "patch" }] }];
  expect(() => addToChangelog(before, "0.1.0", changesets)).toThrow("has 0.1.0 already");
  expect(() => addToChangelog(before, "0.2.0", [])).toThrow("nothing to release");
});
