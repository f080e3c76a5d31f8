import { inRoot } from "./checkout.mjs";

const seconds = 1000;
const minutes = 60 * seconds;

/**
 * Everything that must hold, in the order in which it is cheapest to find out. A step without `report` counts as one;
 * the others count each of their tests.
 *
 * @param {string} node A Node that runs our source.
 * @returns {Step[]}
 *
 * @typedef {object} Step
 * @property {string} name As `--only` knows it.
 * @property {string} what For people.
 * @property {string[]} command
 * @property {"vitest" | "playwright" | "counts"} [report]
 * @property {string} [needs] A step without which this one says nothing: it waits for that, and is not run where that failed.
 * @property {number} [timeoutMs]
 * @property {string} [group] Steps of one group run two at a time.
 */
export function testSteps(node) {
  const vitest = (project, what, { workers, ...more }) => ({
    name: project,
    what,
    command: ["vitest", "run", "--project", project, "--maxWorkers", `${workers}`],
    report: "vitest",
    timeoutMs: 25 * minutes,
    ...more,
  });
  return [
    { name: "format", group: "static", what: "format and lint (Biome)", command: ["biome", "ci", "."] },
    {
      name: "lint",
      group: "static",
      what: "lint with types (oxlint)",
      command: ["oxlint", "--type-aware", "--deny-warnings"],
    },
    {
      name: "types",
      group: "static",
      what: "types (tsc)",
      command: ["tsc", "--noEmit", "-p", "tsconfig.json"],
    },
    {
      name: "boundaries",
      group: "static",
      what: "who imports whom (dependency-cruiser)",
      command: [
        "depcruise",
        "--config",
        ".dependency-cruiser.cjs",
        ..."packages apps migrations e2e bench examples".split(" "),
      ],
    },
    { name: "unused", group: "static", what: "unused code and dependencies (knip)", command: ["knip"] },
    { name: "workspace", group: "static", what: "one version of everything (sherif)", command: ["sherif"] },
    {
      name: "schema",
      group: "static",
      what: "row types match the migrations",
      command: [node, inRoot("migrations/src/codegen.ts"), "--check"],
    },
    {
      name: "access",
      group: "static",
      what: "the documentation says who may do what",
      command: [node, inRoot("scripts/access-table.mjs"), "--check"],
    },
    {
      name: "attacks",
      group: "static",
      what: "SECURITY.md lists the attacks that there are",
      command: [node, inRoot("scripts/attack-table.mjs"), "--check"],
    },
    {
      name: "roles",
      group: "static",
      what: "docs/test-contract.md says what tests may rely on",
      command: [node, inRoot("scripts/test-contract.mjs"), "--check"],
    },
    {
      name: "qa-runs",
      group: "static",
      what: "docs/qa-runs.md counts the runs that there were",
      command: [node, inRoot("scripts/qa-runs.mjs"), "--check"],
    },
    {
      name: "changesets",
      group: "static",
      what: "what changed since the release before is told by a changeset",
      command: [node, inRoot("scripts/check-changesets.mjs")],
    },
    {
      name: "specification",
      group: "static",
      what: "docs/specification.md names files and tests that there are",
      command: [node, inRoot("scripts/specification.mjs")],
    },
    {
      name: "troubles",
      group: "static",
      what: "each statement about troubles names a test that shows it",
      command: [node, inRoot("scripts/troubleshooting.mjs")],
    },
    {
      name: "docs",
      group: "static",
      what: "documentation is current, its code compiles, its links lead somewhere",
      command: [node, inRoot("apps/docs/src/main.ts"), "--check"],
      report: "counts",
    },
    vitest("unit", "unit tests", { workers: 3 }),
    {
      name: "simulation",
      group: "build",
      what: "invariants under faults, in a simulated world",
      command: [node, inRoot("packages/simulation/src/main.ts"), "--runs", "20", "--seconds", "60"],
    },
    {
      name: "build",
      group: "build",
      what: "packages build",
      command: [node, inRoot("scripts/build-packages.mjs")],
    },
    {
      name: "packages",
      group: "build",
      what: "packages are fit to publish (publint, attw)",
      command: [node, inRoot("scripts/check-packages.mjs")],
      needs: "build",
    },
    {
      name: "size",
      group: "build",
      what: "what pages load stays small (size-limit)",
      command: ["size-limit"],
      needs: "build",
    },
    vitest("integration", "integration tests on PostgreSQL", { workers: 3, group: "integration" }),
    vitest("contract", "S3 contract on Ceph and the emulator", { workers: 1, group: "integration" }),
    vitest("attack", "attacks on a started server (in full: npm run attack)", {
      workers: 1,
      group: "integration",
    }),
    {
      name: "demo",
      group: "integration",
      what: "demo builds",
      command: [node, inRoot("scripts/build-demo.mjs")],
    },
    {
      name: "states",
      group: "integration",
      what: "gallery of the widget's states builds",
      command: [node, inRoot("scripts/build-gallery.mjs")],
    },
    // Alone: those that have to start and stop in time would wait for others.
    vitest("servers", "servers, as processes of their own", { workers: 3 }),
    {
      name: "upgrade",
      what: "servers of the release before and of this one on one database",
      command: [node, inRoot("scripts/upgrade.mjs")],
      report: "vitest",
      timeoutMs: 10 * minutes,
    },
    {
      name: "e2e",
      what: "end to end in Chromium",
      command: [inRoot("e2e/node_modules/.bin/playwright"), "test", "-c", "e2e/playwright.config.ts"],
      report: "playwright",
      needs: "demo",
      timeoutMs: 30 * minutes,
    },
    {
      name: "gallery",
      what: "every state of the widget, as it is seen and heard",
      command: [
        inRoot("apps/gallery/node_modules/.bin/playwright"),
        "test",
        "-c",
        "apps/gallery/playwright.config.ts",
      ],
      report: "playwright",
      needs: "states",
      timeoutMs: 10 * minutes,
    },
    {
      name: "qa",
      what: "the contract with tests, and some of the flows of npm run qa",
      command: [
        inRoot("examples/qa/node_modules/.bin/playwright"),
        "test",
        "-c",
        "examples/qa/playwright.config.ts",
        "--grep",
        "@smoke",
      ],
      report: "playwright",
      needs: "demo",
      timeoutMs: 10 * minutes,
    },
    {
      name: "examples",
      what: "example apps, on the packages as they would be published",
      command: [node, inRoot("scripts/examples.mjs")],
      report: "counts",
      timeoutMs: 15 * minutes,
    },
  ];
}

export const DEFAULT_TIMEOUT_MS = 8 * minutes;
