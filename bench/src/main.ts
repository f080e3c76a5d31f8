import { interruption, listenForInterruption } from "./interruption.ts";
import { NAMESPACES, runInNamespaces, whyNoNamespaces } from "./link/enter-namespaces.ts";
import { type Options, readOptions, USAGE } from "./options.ts";
import { writeReport } from "./report/write-report.ts";
import { runMatrix } from "./run-matrix.ts";
import { runResume } from "./run-resume.ts";
import { measureServer, SERVER_MEASURES } from "./server/measure-server.ts";
import { signingRate } from "./signing-rate.ts";
import { widgetOnLoopback } from "./widget-on-loopback.ts";
import { MiB } from "./workload.ts";

let options: Options;
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  process.exit(2);
}

// Nothing that measures the server alone goes over a link.
const needsLink = options.links.length > 0 || options.extras.some((name) => !(name in SERVER_MEASURES));
const why = options.isRelay ? "it was asked for" : whyNoNamespaces();
if (options.isReport) {
  await writeReport();
} else if (needsLink && process.env[NAMESPACES] === undefined && why === null) {
  process.exitCode = await runInNamespaces(options.congestionControl);
} else {
  if (needsLink && why !== null)
    console.log(`The link is a relay with delay and rate, and loses nothing: ${why}.`);
  listenForInterruption();
  try {
    await measure(options);
  } catch (error) {
    if (!interruption.aborted) throw error;
    console.error("Interrupted. What was measured is saved; the same command goes on.");
    process.exitCode = 130;
  }
}

async function measure(options: Options): Promise<void> {
  const { isQuick, extras } = options;
  await runMatrix(options);
  if (extras.includes("resume")) await runResume(options);
  if (extras.includes("signing")) await signingRate(options);
  if (extras.includes("widget")) {
    await widgetOnLoopback(
      isQuick ? { size: 256 * MiB, rounds: 1 } : { size: 1024 * MiB, rounds: options.rounds },
    );
  }
  await measureServer(options);
  await writeReport();
}
