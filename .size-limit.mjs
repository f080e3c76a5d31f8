/** Of the packages as they are built. */
const dist = "packages/uppy-spaces/dist";
const preflight = "packages/audio-preflight/dist";
const asModule = (config) => ({ ...config, format: "esm" });
/** Where workers are refused, a page loads what they do itself: files of their own, and never loaded elsewhere. */
const withoutWork = (config) => ({
  ...asModule(config),
  external: [...(config.external ?? []), "./start-engine-*", "./answer-question-*"],
});

export default [
  {
    name: "what a page loads to upload, over @uppy/core",
    path: `${dist}/index.js`,
    import: "{ UppySpaces }",
    ignore: ["@uppy/core"],
    modifyEsbuildConfig: withoutWork,
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
  {
    name: "what a page loads with the first file, to have it looked into",
    path: `${preflight}/index.js`,
    modifyEsbuildConfig: withoutWork,
    gzip: true,
    limit: "4 kB",
  },
  {
    name: "the worker that looks into files, with every format there is; a page loads the formats of its files",
    path: `${preflight}/preflight-worker.js`,
    gzip: true,
    limit: "85 kB",
  },
];
