/** Tests may use their package's own `test/` and the servers of `packages/testing`. */
const TESTS = "\\.test\\.tsx?$";

/** Which package may import which. pnpm's strict node_modules is the first fence; this one gives directions a name. */
const only = (name, from, allowed) => ({
  name,
  severity: "error",
  from: { path: from, pathNot: [TESTS, "^migrations/src/codegen\\.ts$"] },
  to: { path: "^(packages|apps|migrations|e2e|bench|examples)/", pathNot: [from, ...allowed] },
});

module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      severity: "error",
      from: {},
      // Types may know each other.
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "resolvable",
      severity: "error",
      // Apps in examples/ have dependencies of their own, which are installed where `npm run examples` builds them.
      from: { pathNot: "^examples/(?!qa/)" },
      to: { couldNotResolve: true, pathNot: ["\\.css$", "^virtual:"] },
    },
    only("protocol-stands-alone", "^packages/protocol/", []),
    only("engine-knows-protocol-only", "^packages/uppy-spaces/src", ["^packages/protocol/src"]),
    only("preflight-knows-protocol-only", "^packages/audio-preflight/src", ["^packages/protocol/src"]),
    only("waveform-knows-protocol-only", "^packages/audio-waveform/src", ["^packages/protocol/src"]),
    only("react-on-engine", "^packages/react/src", [
      "^packages/(protocol|uppy-spaces|audio-preflight|audio-waveform)/src",
    ]),
    {
      name: "what-is-not-published-is-the-gallery's",
      severity: "error",
      from: { pathNot: "^apps/gallery/" },
      to: { path: "^packages/react/src/gallery\\.ts$" },
    },
    only("storage-has-no-http", "^packages/storage/src", ["^packages/(protocol|audio-preflight)/src"]),
    only("companion-on-storage", "^packages/companion/src", [
      "^packages/protocol/src",
      "^packages/storage/src",
    ]),
    only("cli-on-storage", "^packages/cli/src", [
      "^packages/(protocol|storage|embedded)/src",
      "^migrations/src",
    ]),
    only("embedded-on-storage", "^packages/embedded/src", ["^packages/(storage|spaces-emulator)/src"]),
    only("emulator-stands-alone", "^packages/spaces-emulator/src", []),
    only("simulation-on-the-real-code", "^packages/simulation/src", [
      "^packages/(protocol|storage|uppy-spaces|testing)/src",
    ]),
    {
      name: "nothing-knows-the-simulation",
      severity: "error",
      from: { path: "^(packages|apps|migrations|e2e|bench|examples)/", pathNot: "^packages/simulation/" },
      to: { path: "^packages/simulation/" },
    },
    only("chaos-from-the-outside", "^packages/chaos/src", [
      "^packages/(protocol|storage|spaces-emulator|uppy-spaces|testing)/src",
    ]),
    only("drill-from-the-outside", "^packages/drill/src", [
      "^packages/(storage|spaces-emulator|testing)/src",
      "^migrations/src",
    ]),
    {
      name: "nothing-knows-the-drill",
      severity: "error",
      from: { path: "^(packages|apps|migrations|e2e|bench|examples)/", pathNot: "^packages/drill/" },
      to: { path: "^packages/drill/" },
    },
    {
      name: "nothing-knows-chaos",
      severity: "error",
      from: { path: "^(packages|apps|migrations|e2e|bench|examples)/", pathNot: "^packages/chaos/" },
      to: { path: "^packages/chaos/" },
    },
    only("testing-on-both-sides", "^packages/testing/src", [
      "^packages/(companion|embedded|spaces-emulator|storage|uppy-spaces)/src",
      "^migrations/src",
    ]),
    only("examples-as-anybody-would", "^examples/", ["^packages/testing/src"]),
    {
      name: "example-apps-by-published-names",
      severity: "error",
      from: { path: "^examples/(?!qa/)([^/]+)/" },
      to: {
        path: "^(\\.\\.|/|packages|apps|migrations|e2e|bench|examples|scripts)",
        pathNot: "^examples/$1/",
      },
    },
    only("migrations-stand-alone", "^migrations/src", []),
    {
      name: "companion-no-sql-no-aws",
      severity: "error",
      from: { path: "^packages/companion/src" },
      to: { path: "node_modules/(kysely|pg|@aws-sdk)" },
    },
    {
      name: "e2e-is-a-black-box",
      severity: "error",
      from: { path: "^e2e/" },
      to: {
        path: "^(packages/(?!testing/)|apps/|migrations/)",
        pathNot: "^packages/spaces-emulator/src/(faults|playwright)\\.ts$",
      },
    },
  ],
  options: {
    parser: "tsc",
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^((packages|apps)/[^/]+|migrations)/dist/" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "types", "default"],
      extensions: [".ts", ".tsx", ".js", ".mjs", ".json"],
    },
    tsConfig: { fileName: "tsconfig.json" },
  },
};
