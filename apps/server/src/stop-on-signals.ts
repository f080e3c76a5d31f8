import type { Logger } from "./logger.ts";
import type { RunningServer } from "./start-server.ts";

const DEADLINE_MS = 4800;
/** A terminal sends Ctrl-C to us and to whatever started us, which may pass it on: that is one wish, not two. */
const ECHO_MS = 500;

/**
 * The first SIGINT or SIGTERM stops cleanly and ends with 0; another one ends at once. To be called once the server has started: until then a
 * signal ends the process where it stands, since the embedded database's start holds up whatever would listen, and every start repairs what one
 * before it left.
 *
 * @param options.delayMs How long it still serves before it begins to stop.
 */
export function stopOnSignals(
  server: RunningServer,
  { log, delayMs }: { log: Logger; delayMs: number },
): void {
  let firstAt: number | undefined;

  function onSignal(signal: NodeJS.Signals): void {
    if (firstAt !== undefined) {
      if (performance.now() - firstAt > ECHO_MS) process.exit(130);
      return;
    }
    firstAt = performance.now();
    log.info({ signal }, "stopping");
    setTimeout(() => {
      log.error("could not stop in time; what was open is repaired at the next start");
      process.exit(1);
    }, delayMs + DEADLINE_MS).unref();
    void stop();
  }

  async function stop(): Promise<void> {
    try {
      await server.stop();
      process.exit(0);
    } catch (err) {
      log.error({ err }, "could not stop cleanly");
      process.exit(1);
    }
  }

  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
}
