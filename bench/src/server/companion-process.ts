// A companion in a process of its own; `startCompanion` runs it.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { type CompanionConfig, openCompanion } from "./open-companion.ts";

// As `startCompanion` wrote it.
const config = JSON.parse(process.env.AT_BENCH_COMPANION ?? "") as CompanionConfig;
const companion = await openCompanion(config);
const listener = getRequestListener((request, env) =>
  new URL(request.url).pathname.startsWith("/bare/")
    ? companion.bare.fetch(request, env)
    : companion.fetch(request, env),
);
const server = createServer((request, response) => void listener(request, response));
// Nobody's connection may be closed just when it is used again.
server.keepAliveTimeout = 600_000;
process.on("message", (message) => {
  if (message === "sweep") {
    void companion.storage.sweep().then((report) => process.send?.({ report }));
  }
});
process.on("disconnect", () => process.exit());
server.listen(0, "127.0.0.1", () => {
  // An address of a server that listens on a port.
  process.send?.({ port: (server.address() as AddressInfo).port });
});
