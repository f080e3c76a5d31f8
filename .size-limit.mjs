/** Of the packages as they are built. */
const dist = "packages/uppy-spaces/dist";
/** As pages load modules. What is imported only where workers are refused is a file of its own, and never loaded elsewhere. */
const asModule = (config) => ({
  ...config,
  format: "esm",
  external: [...(config.external ?? []), "./start-engine-on-page-*"],
});

export default [
  {
    name: "what a page loads to upload, over @uppy/core",
    path: `${dist}/index.js`,
    import: "{ UppySpaces }",
    ignore: ["@uppy/core"],
    modifyEsbuildConfig: asModule,
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
