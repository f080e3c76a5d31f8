// `npm start`: from a clean clone to a running server with the demo, on a machine that has Node and npm. The script in
// package.json begins with `exec`, for npm passes signals to its shell, and a shell that waits for us would keep a SIGINT
// to itself. Windows knows no `exec`, hence the second form there.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { inRoot, root } from "./checkout.mjs";
import { currentNode } from "./current-node.mjs";
import { buildDemo } from "./demo-build.mjs";
import { installDependencies } from "./dependencies.mjs";

const say = (line) => console.log(`  ${line}`);

try {
  await installDependencies(say);
  const node = currentNode();
  // In production the server answers for the companion alone.
  if (process.env.NODE_ENV !== "production") await buildDemo(node, say);
  runServer(node);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

function runServer(node) {
  const flags = [
    "--disable-warning=ExperimentalWarning", // type stripping, on older Nodes
    // V8 lets the space for what is young grow to 48 MiB and keeps it; nearly all that is young here is gone with its request.
    "--max-semi-space-size=2",
    // WebAssembly is compiled once, not again for speed: the embedded database is not faster for it, and 40 MiB larger.
    "--liftoff-only",
    // The heap grows in small steps: 10 MiB less while fifty uploads are open, and no request is slower.
    "--optimize-for-size",
  ];
  const server = spawn(node, [...flags, inRoot("apps/server/src/main.ts")], {
    cwd: root,
    stdio: "inherit",
    env: {
      // What was compiled the last time is not compiled again: a fifth of a second start.
      NODE_COMPILE_CACHE: inRoot("node_modules/.cache/node"),
      // glibc keeps a heap for every thread that ever asked for memory.
      MALLOC_ARENA_MAX: "1",
      ...process.env,
    },
  });
  // A terminal sends Ctrl-C to the server as well; it knows an echo from a second wish.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => server.kill(signal));
  process.on("SIGHUP", () => server.kill("SIGTERM"));
  whenOrphaned(() => server.kill("SIGTERM"));
  server.on("error", (error) => {
    console.error(`The server could not be started: ${error.message}`);
    process.exit(1);
  });
  server.on("exit", (code, signal) => process.exit(signal === null ? code : 128 + constants.signals[signal]));
}

/** npm passes a signal on to its shell, which ends without a word to us: a server nobody watches would stay behind. */
function whenOrphaned(stop) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, 500);
}
