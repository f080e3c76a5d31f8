/** Of the packages as they are built. */
const dist = "packages/uppy-spaces/dist";
const preflight = "packages/audio-preflight/dist";
const asModule = (config) => ({ ...config, format: "esm" });
/** What it says to whoever draws waveforms is loaded where somebody does. */
const asWorker = (config) => ({ ...asModule(config), external: [...(config.external ?? []), "./hand-on-*"] });
/** Where workers are refused, a page loads what they do itself: files of their own, and never loaded elsewhere. */
const withoutWork = (config) => ({
  ...asModule(config),
  external: [...(config.external ?? []), "./start-engine-*", "./answer-question-*"],
});
const waveform = "packages/audio-waveform/dist";
const react = "packages/react/dist";

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
    modifyEsbuildConfig: asWorker,
    gzip: true,
    limit: "27 kB",
  },
  {
    name: "the worker that compares with what is stored already, opened where something has the same size",
    path: `${dist}/search-worker.js`,
    modifyEsbuildConfig: asWorker,
    gzip: true,
    limit: "6 kB",
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
  {
    name: "what a page loads with the first file, where waveforms are asked for",
    path: `${waveform}/index.js`,
    modifyEsbuildConfig: asModule,
    gzip: true,
    limit: "2 kB",
  },
  {
    name: "the worker that draws waveforms, with mediabunny, which it loads for what is no WAV",
    path: `${waveform}/waveform-worker.js`,
    modifyEsbuildConfig: asModule,
    gzip: true,
    limit: "70 kB",
  },
  {
    name: "what a page loads when somebody records, over @uppy/core",
    path: `${react}/recorder-*.js`,
    ignore: ["@uppy/core", "@audiotricks/*"],
    modifyEsbuildConfig: asModule,
    gzip: true,
    limit: "95 kB",
  },
];
