import { join } from "node:path";
import { EmbeddedError } from "@audiotricks/embedded";
import { ConfigError, readConfig } from "./config.ts";
import { loadEnvFile } from "./load-env-file.ts";
import { createLogger } from "./logger.ts";
import { StartError } from "./start-error.ts";
import { startServer } from "./start-server.ts";
import { stopOnSignals } from "./stop-on-signals.ts";
import { welcome } from "./welcome.ts";

const root = join(import.meta.dirname, "../../..");

try {
  loadEnvFile(join(root, ".env"));
  const config = readConfig(process.env, join(root, ".data"));
  const log = createLogger(config);
  const server = await startServer(config, { log, demoRoot: join(root, "apps/demo/dist") });
  stopOnSignals(server, { log, delayMs: config.shutdownDelayMs });
  if (!config.isProduction) process.stdout.write(welcome(config, server));
  log.info({ port: server.port }, "ready");
} catch (error) {
  const isForPeople =
    error instanceof ConfigError || error instanceof StartError || error instanceof EmbeddedError;
  console.error(isForPeople ? error.message : error);
  process.exit(1);
}
