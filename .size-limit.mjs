/** Of the packages as they are built. */
const dist = "packages/uppy-spaces/dist";
const asModule = (config) => ({ ...config, format: "esm" });
/** Where workers are refused, the page loads the engine itself: a file of its own, and never loaded elsewhere. */
const withoutEngine = (config) => ({
  ...asModule(config),
  external: [...(config.external ?? []), "./start-engine-*"],
});

export default [
  {
    name: "what a page loads to upload, over @uppy/core",
    path: `${dist}/index.js`,
    import: "{ UppySpaces }",
    ignore: ["@uppy/core"],
    modifyEsbuildConfig: withoutEngine,
    gzip: true,
    limit: "8 kB",
  },
  {
    name: "the worker that uploads",
    path: `${dist}/engine-worker.js`,
    modifyEsbuildConfig: asModule,
    gzip: true,
    limit: "27 kB",
  },
];
