import { once } from "node:events";
import { chmodSync, lstatSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { CommandSite } from "../run-cli.ts";
import { type RunCommand, serveConnection } from "./serve-connection.ts";
import { canHaveSocket, socketPath } from "./socket-path.ts";

/** At once. More are turned away, and come again by themselves. */
const MAX_CONNECTIONS = 16;

export interface CommandServer {
  path: string;
  /** Takes no more commands, interrupts those under way and gives them this long to end. Safe to repeat. */
  stop: (graceMs: number) => Promise<void>;
}

/**
 * Runs `audiotricks-storage` in this process for whoever may open the socket in the data directory: its owner. To be called
 * with the directory locked, by the process that has its database.
 *
 * @returns `undefined` where the system can have no socket there.
 * @throws The system's error if it cannot be made, or something else is in its place (`EEXIST`).
 */
export async function serveCommands({
  dataDir,
  site,
  onError,
}: {
  dataDir: string;
  site: CommandSite;
  /** What keeps it from taking more commands, later on. */
  onError: (error: unknown) => void;
}): Promise<CommandServer | undefined> {
  const path = socketPath(dataDir);
  if (!canHaveSocket(path)) return undefined;
  removeStale(path);
  const run: RunCommand = async (args, terminal) => {
    // Loaded by the first command: most servers never have one.
    const { runCli } = await import("../run-cli.ts");
    return await runCli(args, terminal, site);
  };
  const stopping = new AbortController();
  const running = new Map<Socket, Promise<void>>();
  const server = createServer((socket) => {
    const served = serveConnection(socket, run, stopping.signal).finally(() => running.delete(socket));
    running.set(socket, served);
  });
  server.maxConnections = MAX_CONNECTIONS;
  listenPrivately(() => server.listen(path));
  await once(server, "listening");
  server.on("error", onError);
  chmodSync(path, 0o600);
  return {
    path,
    stop: async (graceMs) => {
      stopping.abort();
      // It takes its file with it.
      server.close();
      await Promise.race([Promise.all(running.values()), delay(graceMs, undefined, { ref: false })]);
      for (const socket of running.keys()) socket.destroy();
      rmSync(path, { force: true });
    },
  };
}

/** Of a process that was killed: whoever has the lock knows that it is gone. */
function removeStale(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket())
    throw Object.assign(new Error(`${path} is in the way: it is no socket`), { code: "EEXIST" });
  rmSync(path);
}

/** The file is made by the call itself: nobody else can open it even for a moment. */
function listenPrivately(listen: () => void): void {
  const before = process.umask(0o177);
  try {
    listen();
  } finally {
    process.umask(before);
  }
}
