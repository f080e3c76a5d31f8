// `npm run examples`: builds each example app in examples/ from the packages as they would be published, and drives it in Chromium.
//   npm run examples -- next vanilla   only these
//   npm run examples -- next --stay    leaves it and the server running until Ctrl-C
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { inRoot } from "./checkout.mjs";
import { currentNode } from "./current-node.mjs";
import { installDependencies } from "./dependencies.mjs";
import { APPS } from "./example-apps.mjs";
import { driveExample } from "./example-browser.mjs";
import { buildExample } from "./example-build.mjs";
import { freePort, startProcess } from "./example-processes.mjs";
import { packPackages } from "./pack-packages.mjs";

const { values, positionals } = parseArgs({
  options: { stay: { type: "boolean" }, report: { type: "string" } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !APPS.some((app) => app.folder === name));
if (unknown.length > 0) {
  console.error(
    `No example ${unknown.join(", ")}; there are ${[...new Set(APPS.map((app) => app.folder))].join(", ")}.`,
  );
  process.exit(1);
}
const apps = APPS.filter(({ folder }) => positionals.length === 0 || positionals.includes(folder));

const scratch = mkdtempSync(join(tmpdir(), "at-examples-"));
const running = [];
/** Each is ended by its own process group, and the folder goes last. */
const close = async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
};
for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }))
  process.once(signal, () => void close().then(() => process.exit(code)));

let passed = 0;
let failed = 0;
try {
  await installDependencies((line) => console.log(`  ${line}`));
  const node = currentNode();
  const env = {
    ...process.env,
    PATH: [dirname(node), process.env.PATH].join(delimiter),
    CI: "true",
    NEXT_TELEMETRY_DISABLED: "1",
  };
  delete env.NODE_ENV;
  const tarballs = await packPackages(join(scratch, "packages"), env);
  // Known before anything is built: pages are told where the companion is, and the companion whose pages may ask it.
  const [port, storePort, ...pagePorts] = await Promise.all(
    Array.from({ length: apps.length + 2 }, () => freePort()),
  );
  const companionUrl = `http://127.0.0.1:${port}`;
  const places = apps.map((app, index) => ({ app, url: `http://127.0.0.1:${pagePorts[index]}` }));
  running.push(await startCompanion({ node, env, port, storePort, origins: places.map(({ url }) => url) }));
  for (const { app, url } of places) await run(app, url, { env, tarballs, companionUrl });
  if (values.stay) {
    for (const { app, url } of places) console.log(`${app.name}: ${url}`);
    await new Promise(() => setInterval(() => undefined, 60_000));
  }
} catch (error) {
  failed += 1;
  console.error(error instanceof Error ? error.message : error);
} finally {
  await close();
}
if (values.report !== undefined) writeFileSync(values.report, JSON.stringify({ passed, failed }));
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

async function run(app, url, { env, tarballs, companionUrl }) {
  const started = performance.now();
  const took = () => `${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s`;
  const folder = join(scratch, app.name.replaceAll(/\W+/g, "-"));
  mkdirSync(folder);
  const appEnv = { ...env, COMPANION_URL: companionUrl, VITE_COMPANION_URL: companionUrl };
  let server;
  try {
    await buildExample(app, folder, { env: appEnv, tarballs });
    const { port } = new URL(url);
    const [command, ...args] = app.serve(port);
    server = await startProcess(join(folder, "node_modules/.bin", command), args, {
      cwd: folder,
      env: { ...appEnv, NODE_ENV: "production", PORT: port, HOST: "127.0.0.1" },
      isReady: url,
    });
    running.push(server);
    await driveExample(app, url, { companionUrl, folder });
    passed += 1;
    console.log(`ok     ${took()}  ${app.name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED ${took()}  ${app.name}\n${error instanceof Error ? error.message : String(error)}`);
  } finally {
    if (!values.stay) await server?.stop();
  }
}

/** The real one, as `npm start` runs it, on a database and store of its own. */
function startCompanion({ node, env, port, storePort, origins }) {
  return startProcess(node, ["--disable-warning=ExperimentalWarning", inRoot("apps/server/src/main.ts")], {
    cwd: scratch,
    env: {
      PATH: env.PATH,
      HOME: env.HOME,
      PORT: String(port),
      EMULATOR_PORT: String(storePort),
      DATA_DIR: join(scratch, "data"),
      ALLOWED_ORIGINS: origins.join(","),
    },
    isReady: `http://127.0.0.1:${port}/readyz`,
  });
}
